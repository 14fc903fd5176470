import gzip

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

# The parsers' tests try 100 damaged files each; benchmarks/faults.py asks for this many.
settings.register_profile("fuzz", max_examples=1000)


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("FASHRET_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def picture(tmp_path):
    """Writes a picture of one colour below tmp_path, and gives its path."""

    def write(name, colour=(200, 30, 30), size=(12, 12), mode="RGB", **options):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new(mode, size, colour).save(path, **options)
        return path

    return write


def idx(pictures):
    """The bytes of an idx file of uint8, gzipped."""
    magic = 2051 if pictures.ndim == 3 else 2049
    header = np.array([magic, *pictures.shape], dtype=">i4").tobytes()
    return gzip.compress(header + pictures.astype(np.uint8).tobytes())


@pytest.fixture
def tiny_fashion_mnist(tmp_path):
    """A data root with fashion-mnist/ in the official layout: 30 train and 12 test garments."""
    folder = tmp_path / "root" / "fashion-mnist"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for part, n in (("train", 30), ("t10k", 12)):
        garments = np.zeros((n, 28, 28), dtype=np.uint8)
        garments[:, 4:24, 6:22] = rng.integers(60, 256, (n, 20, 16))
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(idx(garments))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(idx(np.arange(n) % 10))
    return tmp_path / "root"


@pytest.fixture
def write_list():
    """Writes a list file as DeepFashion has them: a count, the columns, padded rows, a blank line.

    It gives the path; `count` in place of the number of rows.
    """

    def write(path, header, rows, count=None):
        lines = [header, *rows] if header else rows
        padded = [" ".join(word.ljust(50) for word in line.split(" ")) for line in lines]
        path.parent.mkdir(parents=True, exist_ok=True)
        count = len(rows) if count is None else count
        path.write_text("\n".join([str(count), *padded, "   ", ""]), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def attempt():
    """Calls a function, and gives its result and None, or None and the text of its ValueError."""

    def call(action, *arguments, **options):
        try:
            return action(*arguments, **options), None
        except ValueError as error:
            return None, str(error)

    return call
