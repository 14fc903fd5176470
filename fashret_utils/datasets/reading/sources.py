"""Where the data sets lie whose licence allows anybody to download them, and how to know them.

A sum is only written here if its publisher states it or the file itself was there to compute it.
Where there is none, the version is pinned (a commit) and the sum of the first download is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fashret_utils.datasets import abo_shoes, clothing, fashion_mnist, grocery_store, mnist
from fashret_utils.datasets.reading.archives import Contents
from fashret_utils.datasets.reading.places import About
from fashret_utils.datasets.shop_views.gather import LUMA, PRODUCTS, VENIA, gather
from fashret_utils.datasets.shop_views.table import ABOUT as SHOP_VIEWS

_GROCERIES = "fc80ba90f803d79d0383df52c5a4ac5de99ff6fc"
_CLOTHES = "11961516512414bf9f6c150a832cfd21b54a6b54"
_SENDERS = "7ed86a9cc56763b6acb35e41cb35184e43a5d218"
_LUMA = "5380756"
_VENIA = "73669c6387238e806596946afe15431a9d19c238"
_ABO = "https://amazon-berkeley-objects.s3.amazonaws.com/archives"
MB, GB = 10**6, 10**9


@dataclass(frozen=True)
class RemoteFile:
    """One file to download: `md5` as published; `most` bytes; `contents` if it is an archive."""

    name: str
    addresses: tuple[str, ...]
    most: int
    md5: str = ""
    contents: Contents | None = None


@dataclass(frozen=True)
class Source:
    """A data set's files.

    `known`: SHA-256 of some of its unpacked files, from their originals; `finish`: makes the data
    set of what was unpacked, in that folder, and says what came of it.
    """

    about: About
    files: tuple[RemoteFile, ...]
    known: Mapping[str, str] = field(default_factory=dict)
    finish: Callable[[Path], str] | None = None


def _digits(module, mirrors: tuple[str, ...]) -> Source:
    files = tuple(
        RemoteFile(
            f"{name}.gz",
            tuple(f"{mirror.rstrip('/')}/{name}.gz" for mirror in mirrors),
            most=64 * MB,
            md5=md5,
        )
        for name, md5 in module.FILES.items()
    )
    return Source(module.ABOUT, files)


def _repository(repository: str, commit: str, most: int, **contents) -> RemoteFile:
    """A public repository as it was at one commit."""
    return RemoteFile(
        f"{repository.split('/')[1]}.tar.gz",
        (f"https://codeload.github.com/{repository}/tar.gz/{commit}",),
        most=most,
        contents=Contents(2 * most, 30_000, strip=1, commit=commit, **contents),
    )


SOURCES = {
    "mnist": _digits(mnist, mnist.MIRRORS),
    "fashion-mnist": _digits(
        fashion_mnist,
        (
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
            # S3 sites have no https
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ),
    ),
    "grocery-store": Source(
        grocery_store.ABOUT,
        (
            _repository(
                "marcusklasson/GroceryStoreDataset",
                _GROCERIES,
                2 * GB,
                inside=("dataset", "LICENSE"),
                into="dataset",
            ),
        ),
        {
            "classes.csv": "6e1115adf36741498034165778a3300cd11f24c419e32a60d0a5057dd92998c1",
            "train.txt": "b6d6a4d25fc2a7604f4bbd4e8010516f3bb643f727fc60ef5fca042edd01294f",
            "val.txt": "a2a2bdf8ce34196c1a1dd554bd67e780793aab9363dd40d6cf50fe2d168a78b6",
            "test.txt": "9a464934780665c0024db405571c0dd2d149488a245f476557de7f1c31cf8a93",
        },
    ),
    "clothing-dataset-small": Source(
        clothing.ABOUT,
        (
            _repository("alexeygrigorev/clothing-dataset-small", _CLOTHES, 2 * GB),
            RemoteFile(
                "images-full.csv",
                (
                    "https://raw.githubusercontent.com/alexeygrigorev/clothing-dataset/"
                    f"{_SENDERS}/images.csv",
                ),
                most=10 * MB,
            ),
        ),
        {
            "images-full.csv": "35f08c1442351037b262cc7398368c9cacfb6d8e6a013780f7f2211ab856cb34",
        },
    ),
    "shop-views": Source(
        SHOP_VIEWS,
        (
            _repository(
                "magento/magento2-sample-data",
                _LUMA,
                2 * GB,
                inside=(LUMA, PRODUCTS, "LICENSE", "LICENSE.txt"),
            ),
            _repository("PMET-public/sample-data-media-venia", _VENIA, GB, inside=(VENIA,)),
        ),
        finish=gather,
    ),
    "abo-shoes": Source(
        abo_shoes.ABOUT,
        tuple(
            RemoteFile(
                f"abo-{part}.tar",
                (f"{_ABO}/abo-{part}.tar",),
                most=6 * GB,
                contents=Contents(6 * GB, 500_000),
            )
            for part in ("listings", "images-small")
        ),
    ),
}
