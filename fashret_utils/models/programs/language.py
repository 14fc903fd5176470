"""The words of programs: operations of one and of two arguments, in the order of their tokens.

Those of the authors' code for kernels. Each has a text, by which a program is written down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

UNARY: dict[str, Callable[[Tensor], Tensor]] = {
    "{}": lambda v: v,
    "−{}": torch.neg,
    "|{}|": torch.abs,
    "({})²": torch.square,
    "({})³": lambda v: v * v * v,
    "√|{}|": lambda v: v.abs().sqrt(),
    "exp({})": torch.exp,
    "sin({})": torch.sin,
    "cos({})": torch.cos,
    "sinh({})": lambda v: (torch.expm1(v) - torch.expm1(-v)) / 2,  # five times as fast
    "cosh({})": lambda v: (torch.exp(v) + torch.exp(-v)) / 2,
    "tanh({})": torch.tanh,
    "max({}, 0)": torch.relu,
    "min({}, 0)": lambda v: v.clamp(max=0),
    "sigmoid({})": torch.sigmoid,
    "log(1 + exp({}))": F.softplus,
}
UNARY_TEXT = (*UNARY, "‖{}‖₁/d", "‖{}‖₂/d")
ADD, TIMES, MINUS, LARGER, SMALLER, DOT, NEAR, LEFT = range(8)
BINARY_TEXT = ("({} + {})", "{} · {}", "({} − {})", "max({}, {})", "min({}, {})")
BINARY_TEXT += ("⟨{}, {}⟩/d", "exp(−|{} − {}|)", "{}")


class FeatureMean:
    """Means and sums over the last axis; `weights` (d,) says how often entries count."""

    def __init__(self, weights: Tensor):
        self.weights, self.count = weights, weights.sum()

    def __call__(self, v: Tensor) -> Tensor:
        """(..., d) -> (..., 1)"""
        return self.sum(v)[..., None] / self.count

    def sum(self, v: Tensor) -> Tensor:
        """(..., d) -> (...)"""
        return v @ self.weights


def norm(v: Tensor, mean: FeatureMean | None, power: int) -> Tensor:
    """‖v‖₁/d or ‖v‖₂/d; the norm of a scalar is the scalar."""
    if v.shape[-1] == 1:
        return v
    if power == 1:
        return mean(v.abs())
    return (mean(v.square()) / mean.count).sqrt()


def dot(left: Tensor, right: Tensor, mean: FeatureMean | None) -> Tensor:
    """⟨left, right⟩/d; the plain product of two scalars."""
    product = left * right
    return product if product.shape[-1] == 1 else mean(product)


def operations(mean: FeatureMean | None) -> tuple[list[Callable], list[Callable]]:
    """The 18 unary and 8 binary operations; `mean` is over the features."""
    norms = [partial(norm, mean=mean, power=power) for power in (1, 2)]
    plain = [torch.add, torch.mul, torch.sub, torch.maximum, torch.minimum]
    near = [lambda left, right: torch.exp(-(left - right).abs())]
    left = [lambda left, right: left]
    return [*UNARY.values(), *norms], [*plain, partial(dot, mean=mean), *near, *left]


def choices(n_operands: int, units: int = 2) -> list[int]:
    """How many values each token of a program may have, for so many inputs."""
    tail = len(UNARY_TEXT), len(BINARY_TEXT)
    counts = range(n_operands, n_operands + units)
    return [n for inputs in counts for n in (inputs, tail[0], inputs, *tail)]


def check_tokens(tokens: Sequence[int], n_operands: int) -> None:
    """Refuse token lists that are no program, and say why.

    **Raises** `ValueError`.
    """
    if len(tokens) == 0 or len(tokens) % 5:
        raise ValueError(f"{len(tokens)} tokens: expected units of 5 tokens each")
    limits = choices(n_operands, len(tokens) // 5)
    for place, (token, limit) in enumerate(zip(tokens, limits, strict=True)):
        if not 0 <= token < limit:
            raise ValueError(f"token {place} is {token}: expected a number from 0 to {limit - 1}")
