"""MNIST (LeCun, Bottou, Bengio and Haffner 1998): 70,000 handwritten digits, 28 x 28 grey.

Not clothes: chapter 05 compares kernels on it, with published tables. Its files have the names and
the layout of Fashion-MNIST's, which is made to replace it.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

import numpy as np

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP
from fashret_utils.datasets import fashion_mnist
from fashret_utils.datasets.reading.checksums import compare
from fashret_utils.datasets.reading.places import About, Report

FILES = {  # file -> MD5 of the .gz, as torchvision and Keras check it
    "train-images-idx3-ubyte": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte": "ec29112dd5afa0611ce80d1b7f02629c",
}
MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/",)

ABOUT = About(
    name="mnist",
    licence="CC BY-SA 3.0 (Yann LeCun and Corinna Cortes)",
    home="yann.lecun.com/exdb/mnist",
    folders=("mnist", "MNIST/raw"),
    marker=("train-images-idx3-ubyte.gz", "train-images-idx3-ubyte"),
)


def load(root: str | Path | None = None, *, query_pictures: int = 1000) -> Catalog:
    """MNIST for retrieval by digit: a picture's item is its digit; protocol closed-set.

    All pictures are of the shop domain: train = the train file; query = the first `query_pictures`
    of the test file, gallery = its others.

    **Raises** `DataNotFoundError`, or `ValueError` for a file that is not MNIST.
    """
    folder = ABOUT.find(root)
    digits = [labels(folder, part) for part in ("train", "t10k")]
    if not 0 <= query_pictures <= len(digits[1]):
        raise ValueError(f"query_pictures must be from 0 to {len(digits[1])}, not {query_pictures}")
    item = np.concatenate(digits).astype(np.int64)
    split = np.repeat(["train", "gallery"], [len(part) for part in digits])
    split = split.astype(object)
    split[len(digits[0]) : len(digits[0]) + query_pictures] = "query"
    numbers = [
        f"{part}/{i}"
        for part, n in zip(("train", "t10k"), digits, strict=True)
        for i in range(len(n))
    ]
    return Catalog(
        name=ABOUT.name,
        item=item,
        domain=np.full(len(item), SHOP),
        split=split,
        category=item.astype(str),
        source=numbers,
        reader=DigitReader(folder),
        licence=ABOUT.licence,
        protocol="closed-set",
    )


class DigitReader(fashion_mnist.ShopReader):
    """Reads pictures by sources such as "train/17", grey on three channels."""

    identity = "mnist, bilinear, v1"


def images(folder: Path, part: str) -> np.ndarray:
    """Pictures of "train" or "t10k": uint8 (n, 28, 28), ink bright on 0."""
    return fashion_mnist.images(folder, part)


def labels(folder: Path, part: str) -> np.ndarray:
    """Digits of "train" or "t10k": uint8 (n,).

    **Raises** `ValueError` for a file that is missing, damaged, or Fashion-MNIST's.
    """
    packed = folder / f"{part}-labels-idx1-ubyte.gz"
    plain = packed.with_suffix("")
    path = packed if packed.is_file() else plain
    if not path.is_file():
        raise ValueError(f"{folder} lacks {packed.name}: get it from {ABOUT.home}")
    raw = path.read_bytes()
    if path is packed:
        if hashlib.md5(raw).hexdigest() in fashion_mnist.FILES.values():
            raise ValueError(f"{path} is Fashion-MNIST's, whose files have the same names")
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path} is damaged ({error}): get it from {ABOUT.home}") from error
    found = np.frombuffer(raw, np.uint8, offset=8) if raw[:4] == b"\0\0\x08\x01" else None
    if found is None or len(found) != len(images(folder, part)):
        raise ValueError(f"{path} does not hold one label for each picture of {part!r}")
    return found


def verify(root: str | Path | None = None) -> Report:
    """Compare the four files with their MD5 sums."""
    return compare(ABOUT.name, ABOUT.find(root), FILES)
