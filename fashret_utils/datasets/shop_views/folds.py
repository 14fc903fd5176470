"""Folds over styles: the same styles are never in two of train, val and test."""

from __future__ import annotations

import numpy as np


def style_folds(family: np.ndarray, pictures: np.ndarray, folds: int) -> np.ndarray:
    """The fold of each row, by its style.

    Styles are taken in the order of their numbers of counted pictures, the largest first and equal
    ones in a shuffled order that never changes; each goes to the fold that holds least so far.

    **Arguments**: `family`: int64 (n,), the style; `pictures`: bool (n,), the rows that count;
    `folds`: number of folds, at least 3: one to test, one to validate and one to train.

    **Returns** int64 (n,): 0 to folds - 1, and -1 for styles of which nothing counts.

    **Raises** `ValueError` for fewer folds than 3, or more than styles that count.
    """
    styles, counts = np.unique(family[pictures], return_counts=True)
    if not 3 <= folds <= len(styles):
        raise ValueError(f"folds must be from 3 to {len(styles)}, the styles there are: {folds}")
    shuffled = np.random.default_rng(0).permutation(len(styles))
    order = shuffled[np.argsort(-counts[shuffled], kind="stable")]
    held, fold_of = np.zeros(folds, np.int64), {}
    for place in order:
        fold = int(held.argmin())
        held[fold] += counts[place]
        fold_of[int(styles[place])] = fold
    return np.array([fold_of.get(int(style), -1) for style in family], np.int64)


def parts(fold_of_row: np.ndarray, fold: int, folds: int) -> np.ndarray:
    """ "test" for the rows of a fold and of no fold, "val" for the next fold's, else "train".

    **Arguments**: `fold_of_row`: int64 (n,), as of `style_folds`.

    **Returns** str (n,). **Raises** `ValueError` for a fold that is not there.
    """
    if not 0 <= fold < folds:
        raise ValueError(f"fold must be from 0 to {folds - 1}, not {fold}")
    part = np.full(len(fold_of_row), "train", dtype="<U5")
    part[fold_of_row == (fold + 1) % folds] = "val"
    part[(fold_of_row == fold) | (fold_of_row == -1)] = "test"
    return part
