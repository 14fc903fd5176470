"""Fashion-MNIST (Xiao, Rasul and Vollgraf 2017): 70,000 real garments, 28 x 28 grey."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from functools import lru_cache
from pathlib import Path

import numpy as np

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP
from fashret_utils.datasets.fashion_mnist_street.scene import shop_pictures
from fashret_utils.datasets.reading.places import About, Report

LABELS = (
    "t-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
FILES = {  # file -> MD5 of the .gz in the project's README
    "train-images-idx3-ubyte": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte": "bb300cfdad3c16e7a12a480ee83cd310",
}
# MNIST's files have the same names and sizes; these are the MD5 of its two label files.
_MNIST = ("d53e105ee54ea40749a09fcbcd1e9432", "ec29112dd5afa0611ce80d1b7f02629c")
_MAGIC = {2051: 3, 2049: 1}  # idx files of uint8: pictures (n, rows, columns), labels (n,)

ABOUT = About(
    name="fashion-mnist",
    licence="MIT",
    home="github.com/zalandoresearch/fashion-mnist (data/fashion)",
    folders=("fashion-mnist", "FashionMNIST/raw"),
    marker=("train-images-idx3-ubyte.gz", "train-images-idx3-ubyte"),
)


def load(
    root: str | Path | None = None, *, val_pictures: int = 5000, query_pictures: int = 1000
) -> Catalog:
    """Fashion-MNIST for retrieval by category: a picture's item is its category.

    There is one picture a garment, so items in the sense of the other data sets do not occur (see
    `fashion_mnist_street`). Protocol closed-set, all pictures of the shop domain: train = the train
    file but for its last `val_pictures`, which are val; query = the first `query_pictures` of the
    test file, gallery = its others.

    **Raises** `DataNotFoundError`, or `ValueError` for a file that is not Fashion-MNIST.
    """
    folder = ABOUT.find(root)
    (train, test) = (labels(folder, part) for part in ("train", "t10k"))
    for name, value, n in (
        ("val_pictures", val_pictures, len(train)),
        ("query_pictures", query_pictures, len(test)),
    ):
        if not 0 <= value <= n:
            raise ValueError(f"{name} must be from 0 to {n}, not {value}")
    split = np.full(len(train) + len(test), "gallery")
    split[: len(train)] = "train"
    split[len(train) - val_pictures : len(train)] = "val"
    split[len(train) : len(train) + query_pictures] = "query"
    label = np.concatenate([train, test]).astype(np.int64)
    return Catalog(
        name=ABOUT.name,
        item=label,
        domain=np.full(len(label), SHOP),
        split=split,
        category=np.array(LABELS)[label],
        source=[
            f"{part}/{i}" for part, n in (("train", train), ("t10k", test)) for i in range(len(n))
        ],
        reader=ShopReader(folder),
        licence=ABOUT.licence,
        protocol="closed-set",
    )


class ShopReader:
    """Reads pictures by sources such as "train/17", grey on three channels."""

    identity = "fashion-mnist, bilinear, v1"

    def __init__(self, folder: Path):
        self.folder = folder

    def fingerprint(self, catalog: Catalog) -> str:
        """State of the picture files."""
        return fingerprint(self.folder)

    def __call__(self, catalog: Catalog, rows: np.ndarray, size: int) -> np.ndarray:
        """Pictures: uint8 (m, 3, size, size)."""
        keys = [source.split("/") for source in catalog.source[rows]]
        files = {part: images(self.folder, part) for part in {part for part, _ in keys}}
        garments = np.stack([files[part][int(i)] for part, i in keys])
        return shop_pictures(garments, size)


def images(folder: Path, part: str) -> np.ndarray:
    """Pictures of "train" or "t10k": uint8 (n, 28, 28), garment bright on 0."""
    return _read(_file(folder, f"{part}-images-idx3-ubyte"))


def labels(folder: Path, part: str) -> np.ndarray:
    """Labels of "train" or "t10k": uint8 (n,), codes of `LABELS`."""
    found, pictures = _read(_file(folder, f"{part}-labels-idx1-ubyte")), images(folder, part)
    if len(found) != len(pictures):
        raise ValueError(
            f"{folder}: {len(found)} labels but {len(pictures)} pictures in {part!r}; get the four "
            f"files again from {ABOUT.home}"
        )
    return found


def fingerprint(folder: Path) -> str:
    """Sizes and times of the files that pictures come from."""
    states = [_file(folder, name).stat() for name in FILES if "images" in name]
    return repr([(str(folder), s.st_size, s.st_mtime_ns) for s in states])


def verify(root: str | Path | None = None) -> Report:
    """Compare the four files with the MD5 sums in the project's README."""
    folder = ABOUT.find(root)
    missing, damaged, notes = [], [], []
    for name, expected in FILES.items():
        try:
            path = _file(folder, name)
        except ValueError:
            missing.append(f"{name}.gz")
            continue
        if path.suffix != ".gz":
            notes.append(f"{path.name}: {len(_read(path)):,} rows (unpacked, no MD5 known)")
            continue
        md5 = hashlib.md5(path.read_bytes()).hexdigest()
        notes.append(f"{path.name}: MD5 {md5}, {'as' if md5 == expected else 'NOT as'} published")
        if md5 != expected:
            damaged.append(path.name)
    return Report(ABOUT.name, folder, len(FILES) - len(missing), missing, damaged, notes)


def _file(folder: Path, name: str) -> Path:
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return path
    raise ValueError(f"{folder} lacks {name}.gz: get it from {ABOUT.home}")


def _read(path: Path) -> np.ndarray:
    """An idx file: big-endian header (magic, n, rows, columns), then uint8."""
    state = path.stat()
    return _parsed(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=4)
def _parsed(path: Path, size: int, changed: int) -> np.ndarray:
    """What `_read` gives, kept as long as the file is the same."""
    raw = path.read_bytes()
    if path.suffix == ".gz":
        if hashlib.md5(raw).hexdigest() in _MNIST:
            raise ValueError(f"{path} is MNIST's (digits), whose files have the same names")
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path} is damaged ({error}): get it from {ABOUT.home}") from error
    magic = int.from_bytes(raw[:4], "big")
    expected = 2051 if "idx3" in path.name else 2049
    if magic != expected:
        raise ValueError(f"{path} starts with {magic}, expected {expected}: not such an idx file")
    if len(raw) < 4 + 4 * _MAGIC[magic]:
        raise ValueError(f"{path} is damaged: it ends within its header; get it from {ABOUT.home}")
    shape = tuple(np.frombuffer(raw, ">i4", _MAGIC[magic], 4).tolist())
    data = np.frombuffer(bytearray(raw), np.uint8, offset=4 + 4 * len(shape))  # torch: writable
    if data.size != np.prod(shape):
        raise ValueError(f"{path} holds {data.size} bytes of data, its header says {shape}")
    return data.reshape(shape)
