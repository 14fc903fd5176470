"""Random numbers that depend on a picture's key alone, not on the order pictures are made in."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def uniforms(*keys: int | np.ndarray, count: int) -> np.ndarray:
    """Uniform numbers for each key tuple.

    Hashes the keys, then counts on, with SplitMix64 (Steele, Lea and Flood 2014, Fast Splittable
    Pseudorandom Number Generators).

    **Arguments**: whole numbers >= 0 or arrays (m,) of them; `count`: numbers a key.

    **Returns** float32 (m, count) in [0, 1).
    """
    state = np.zeros(np.broadcast_shapes(*(np.shape(k) for k in keys)) or (1,), dtype=np.uint64)
    for key in keys:
        state = _mixed(state + _GOLDEN + np.asarray(key, dtype=np.uint64))
    steps = np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN
    bits = _mixed(state[:, None] + steps) >> np.uint64(40)  # 24 bits fill a float32
    return bits.astype(np.float32) / np.float32(2**24)


class Draws:
    """Hands out columns of `uniforms` as tensors (m, 1, 1) or (m, rows, columns).

    One stream a factor, so that a change to one factor leaves the others' pictures alone.
    """

    def __init__(self, *keys: int | np.ndarray, count: int):
        self._numbers = torch.from_numpy(uniforms(*keys, count=count))
        self._used = 0

    def uniform(self, low: float = 0.0, high: float = 1.0) -> Tensor:
        """One number a picture: float32 (m, 1, 1)."""
        return low + (high - low) * self.grid(1, 1)

    def grid(self, rows: int, columns: int) -> Tensor:
        """Numbers in [0, 1): float32 (m, rows, columns)."""
        first, self._used = self._used, self._used + rows * columns
        return self._numbers[:, first : self._used].reshape(-1, rows, columns)


def _mixed(x: np.ndarray) -> np.ndarray:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
