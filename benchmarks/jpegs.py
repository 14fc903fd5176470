"""JPEG files for the benchmarks, and how torchvision's users read them."""

import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from torch.utils.data import Dataset
from torchvision import transforms
from torchvision.datasets.folder import default_loader

from fashret_utils.data.augment import MEAN, STD

ORIGINALS = 200
PICTURES_AN_ITEM = 4  # two of each side


def write(folder: Path, pictures: int) -> Path:
    """Write `folder/pictures/<item>/<street|shop>/<n>.jpg`, 256 x 192 pixels.

    200 photos have many names each.

    **Returns** `folder/pictures`.
    """
    rng = np.random.default_rng(0)
    originals = []
    for number in range(min(ORIGINALS, pictures)):
        noise = Image.fromarray(rng.integers(0, 256, (24, 32, 3), dtype=np.uint8))
        photo = noise.resize((256, 192), Image.Resampling.BICUBIC).filter(ImageFilter.SHARPEN)
        originals.append(folder / f"original-{number}.jpg")
        photo.save(originals[-1], quality=87)
    for number in range(pictures):
        side = ("street", "shop")[number % 2]
        place = folder / "pictures" / f"{number // PICTURES_AN_ITEM:06}" / side
        place.mkdir(parents=True, exist_ok=True)
        os.link(originals[number % len(originals)], place / f"{number % PICTURES_AN_ITEM}.jpg")
    return folder / "pictures"


def transform(size: int, flip: bool) -> transforms.Compose:
    """Resize, a mirror image half of the time, normalise."""
    steps = [
        transforms.Resize((size, size)),
        transforms.ToTensor(),
        transforms.Normalize(MEAN, STD),
    ]
    return transforms.Compose([transforms.RandomHorizontalFlip(), *steps] if flip else steps)


class Files(Dataset):
    """Picture files and their labels."""

    def __init__(self, paths: list[str], labels: list[int], size: int, flip: bool) -> None:
        self.paths, self.labels, self.change = paths, labels, transform(size, flip)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, row: int) -> tuple:
        return self.change(default_loader(self.paths[row])), self.labels[row]
