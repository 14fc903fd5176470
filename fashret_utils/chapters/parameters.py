"""A chapter's parameters: their defaults, and values typed on a command line."""

from __future__ import annotations

import ast

_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def defaults(source: str) -> dict[str, object]:
    """Name -> default of each parameter of a cell tagged `parameters`.

    **Raises** `ValueError` or `SyntaxError` for a cell that does more than name values.
    """
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign):
            value = ast.literal_eval(node.value)
            found |= {target.id: value for target in node.targets if isinstance(target, ast.Name)}
    return found


def parse(name: str, text: str, default: object) -> object:
    """A value as the user typed it, of the type of its default.

    Text stays as it is typed: `no`, `12:30`, `@x` and a date too. Where the default is True or
    False, yes and no are taken, where it is a list, mapping or None, Python's own writing.

    **Raises** `ValueError` naming the parameter and what it takes.
    """
    if isinstance(default, str):
        return text
    if isinstance(default, bool):
        if text.strip().lower() in (*_YES, *_NO):
            return text.strip().lower() in _YES
        raise ValueError(f"parameter {name} is {text!r}, expected yes or no")
    if isinstance(default, int | float):
        kind = type(default)
        try:
            return kind(text)
        except ValueError:
            expected = "a whole number" if kind is int else "a number"
            raise ValueError(f"parameter {name} is {text!r}, expected {expected}") from None
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        value = text
    if default is not None and type(value) is not type(default):
        kind = type(default).__name__
        raise ValueError(f"parameter {name} is {text!r}, expected a {kind} such as {default!r}")
    return value
