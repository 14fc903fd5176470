"""A block of uniform random numbers drawn at once.

A scalar draw from a numpy Generator costs microseconds and a picture needs hundreds, so a whole
block is drawn in one call and handed out in order.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Draws:
    """Uniform numbers of a generator, handed out one by one; a new block is drawn when one ends."""

    def __init__(self, rng: np.random.Generator, block: int = 256):
        self._rng = rng
        self._block = block
        self._numbers = iter(rng.random(block).tolist())

    def unit(self) -> float:
        """Return the next number in [0, 1)."""
        for number in self._numbers:
            return number
        self._numbers = iter(self._rng.random(self._block).tolist())
        return next(self._numbers)

    def between(self, low: float, high: float) -> float:
        """Return a uniform number in [low, high)."""
        return low + (high - low) * self.unit()

    def signed(self, reach: float = 1.0) -> float:
        """Return a uniform number in [-reach, reach)."""
        return reach * (2.0 * self.unit() - 1.0)

    def count(self, low: int, high: int) -> int:
        """Return an integer in low..high, both included."""
        return low + int((high - low + 1) * self.unit())

    def chance(self, probability: float) -> bool:
        """Return True with the given probability."""
        return self.unit() < probability

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options, all equally likely."""
        return options[int(len(options) * self.unit())]

    def bell(self) -> float:
        """Return a bell-shaped number in [-1, 1], standard deviation 1/3."""
        return (self.unit() + self.unit() + self.unit()) * (2.0 / 3.0) - 1.0
