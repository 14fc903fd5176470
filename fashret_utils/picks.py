"""Which values of `pick(smoke=..., quick=..., gpu=..., paper=...)` count at one scale."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection

# The keywords of `Scale.pick`. Not taken from there: hashing a program needs no PyTorch.
NEEDED, ALLOWED = {"smoke", "quick", "gpu"}, {"smoke", "quick", "gpu", "paper"}
LITERAL = (ast.Constant, ast.Tuple, ast.List, ast.Set)
# An expression with one of these may do more than have a value.
ACTIVE = (ast.Call, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)


def scales_named(source: str | ast.AST) -> set[str]:
    """The scales that a program names in a string, other than to compare with it.

    `budget(data, "smoke")` names one; `scale == "smoke"` only asks which one it is.
    """
    try:
        waiting = [ast.parse(source) if isinstance(source, str) else source]
    except SyntaxError:  # a notebook cell with magics: any word in it may be a name
        return {scale for scale in ALLOWED if re.search(rf"[\"']{scale}[\"']", source)}
    found: set[str] = set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= {node.value} & ALLOWED
        children = ast.iter_child_nodes(node)
        if isinstance(node, ast.Compare):
            children = [child for child in children if not isinstance(child, LITERAL)]
        waiting += children
    return found


def only(scales: Collection[str], tree: ast.Module) -> ast.Module:
    """Leave in each call of `pick` only the values that can count at these scales.

    A value that may do something when it is computed, such as a call, always stays: Python computes
    all of them. So does `gpu` at scale `paper` unless `paper` is certainly not None.

    **Arguments**: `scales` - names, to which those are added that the program names; `tree` - of
    the program, which is changed in place.
    """
    wanted = {*scales, *scales_named(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_pick(node):
            values = {keyword.arg: keyword.value for keyword in node.keywords}
            counted = set(wanted)
            if "paper" in counted and not _is_there(values.get("paper")):
                counted.add("gpu")
            node.keywords = [
                k for k in node.keywords if k.arg in counted or _is_active(values[k.arg])
            ]
    return tree


def _is_pick(call: ast.Call) -> bool:
    name = getattr(call.func, "id", None) or getattr(call.func, "attr", None)
    keywords = {keyword.arg for keyword in call.keywords}
    return name == "pick" and not call.args and NEEDED <= keywords <= ALLOWED


def _is_there(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Constant):
        return value.value is not None
    return isinstance(value, ast.Tuple | ast.List | ast.Dict | ast.Set | ast.JoinedStr)


def _is_active(value: ast.expr) -> bool:
    return any(isinstance(node, ACTIVE) for node in ast.walk(value))
