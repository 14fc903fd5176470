"""Labelled images for kernels: disjoint training sets in the order of the published files."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fashret_utils import datasets

SETS, SETS_APART = 20, 2000  # training sets, images of the file from one to the next
Labelled = tuple[np.ndarray, np.ndarray]  # pixels (n, d) and classes (n,)


@dataclass(frozen=True)
class Images:
    """Flat images in [0, 1], float64, and their classes; each part is (pixels, labels)."""

    data: str
    train: Labelled
    val: Labelled
    test: Labelled

    def first(self, n_val: int | None) -> Images:
        """The same with the first validation images alone."""
        return replace(self, val=tuple(part[:n_val] for part in self.val))

    def halves(self) -> tuple[Images, Images]:
        """The same with one half of the validation images each."""
        middle = len(self.val[1]) // 2
        parts = slice(None, middle), slice(middle, None)
        return tuple(replace(self, val=tuple(p[part] for p in self.val)) for part in parts)


def files_of(data: str, data_root: str = "") -> tuple[tuple[np.ndarray, int, np.ndarray], ...]:
    """Grey values (n, d), their largest, and labels (n,) of the train and of the test file.

    **Arguments**: `data` - "mnist", "fashion-mnist", or "digits", scikit-learn's 1,797 digits of 8
    by 8 pixels, which need no file.

    **Raises** `datasets.DataNotFoundError`.
    """
    if data == "digits":
        from sklearn.datasets import load_digits

        pixels, labels = load_digits(return_X_y=True)
        parts = slice(None, 1300), slice(1300, None)
        return tuple((pixels[part], 16, labels[part]) for part in parts)
    return tuple(
        (pixels.reshape(len(pixels), -1), 255, labels)
        for pixels, labels in datasets.labelled_images(data, data_root or None)
    )


def readable(data: str, data_root: str = "") -> bool:
    """Whether labelled images can be read; if not, say how to get them."""
    try:
        return len(files_of(data, data_root)) == 2
    except datasets.DataNotFoundError as error:
        print(error)
        return False


def training_set(
    data: str, n: int, number: int = 0, data_root: str = "", n_test: int | None = None
) -> Images:
    """Images for a kernel: n training images, 500 for validation, all for test.

    Set 0 trains on the images 5000 to 5000 + n and validates on the first 500, as the authors of
    the kernel search did; set s trains on those 2000 s later and validates on 500 of its own, which
    lie behind all training sets. 20 sets of 2,000 images and fewer are disjoint. Of "digits" the
    first 200 are for validation in all sets, and sets are 250 apart.

    **Raises** `ValueError` where there is no such set.
    """
    train, test = files_of(data, data_root)
    n_val, begin, apart, end = (500, 5000, SETS_APART, 5000 + SETS * SETS_APART)
    if data == "digits":
        n_val, begin, apart, end = 200, 200, 250, len(train[2])
    begin += number * apart
    asked = 0 if number == 0 or data == "digits" else end + (number - 1) * n_val
    if begin + n > end or max(begin + n, asked + n_val) > len(train[2]):
        raise ValueError(
            f"{data} has {len(train[2])} images: no {n} from {begin} on for set {number}"
        )

    def part(file: tuple, first: int, last: int | None) -> Labelled:
        return file[0][first:last] / file[1], file[2][first:last]

    val = part(train, asked, asked + n_val)
    return Images(data, part(train, begin, begin + n), val, part(test, 0, n_test))
