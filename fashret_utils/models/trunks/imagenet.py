"""ImageNet trunks: timm is the one door, and EfficientNet-Lite0 needs no network."""

from __future__ import annotations

from pathlib import Path

import timm
from torch import Tensor, nn

from fashret_utils.models.backbones import WeightsError, checked_state, fit_state, read_state
from fashret_utils.models.seeding import seeded
from fashret_utils.models.trunks import lite0_weights
from fashret_utils.models.trunks.stems import Trunk
from fashret_utils.models.trunks.steps import steps_of

LITE0 = "tf_efficientnet_lite0"
SHORT_NAMES = {
    "lite0": LITE0,
    "vit": "vit_small_patch16_224",
    "dinov2": "vit_small_patch14_dinov2",
}


def trunk(
    name: str = "lite0",
    pretrained: bool = True,
    *,
    weights: str | Path | None = None,
    seed: int = 0,
) -> Trunk:
    """Build an ImageNet trunk.

    **Arguments**: `name` - "lite0" (EfficientNet-Lite0, whose weights are installed), "resnet50",
    "vgg16", "vit", "dinov2", or another name that timm knows; `pretrained` - start from ImageNet's
    weights; `weights` - or from this file, a state dict of timm's (.pth, .safetensors); `seed` -
    decides a start without either.

    **Returns** a `Trunk` from uint8 (B, 3, S, S) to its last map, in evaluation mode.

    **Raises** `ValueError` for an unknown name, `WeightsError` when weights cannot be had or do
    not fit, saying what to do.
    """
    model = network(name, pretrained, weights=weights, seed=seed)
    name = SHORT_NAMES.get(name, name)
    if name == LITE0:
        mean, std = [lite0_weights.MEAN] * 3, [lite0_weights.STD] * 3
    else:
        mean, std = ([255 * v for v in model.default_cfg[key]] for key in ("mean", "std"))
    steps, levels = steps_of(model)
    return Trunk(name, steps, levels, (next(reversed(steps)),), mean, std).eval()


def network(
    name: str = "lite0",
    pretrained: bool = True,
    *,
    weights: str | Path | None = None,
    seed: int = 0,
) -> nn.Module:
    """Build the whole network with ImageNet's classifier: timm's own module.

    Arguments and errors as of `trunk`. It expects pictures that are normalised: for "lite0"
    (x - 127) / 128.
    """
    name = SHORT_NAMES.get(name, name)
    if not timm.is_model(name):
        close = timm.list_models(f"*{name}*")[:5] or [*SHORT_NAMES, "resnet50", "vgg16"]
        raise ValueError(f"timm has no network {name!r}: did you mean one of {', '.join(close)}?")
    # Transformers are asked to take pictures of any size.
    options = dict.fromkeys(("dynamic_img_size", "dynamic_img_pad"), True)
    options = options if name.startswith("vit_") else {}
    if weights is None and pretrained and name != LITE0:
        return _downloaded(name, options).eval()
    model = seeded(name, seed, lambda: timm.create_model(name, **options))
    if weights is not None:
        fit_state(model, _read_file(Path(weights)), weights)
    elif pretrained:
        fit_state(model, lite0_weights.lite0_weights(), lite0_weights.PACKAGE)
    return model.eval()


def _downloaded(name: str, options: dict[str, bool]) -> nn.Module:
    try:
        return timm.create_model(name, pretrained=True, **options)
    except Exception as error:  # each way without a network has an exception of its own
        hub = timm.get_pretrained_cfg(name).hf_hub_id or f"timm/{name}"
        raise WeightsError(
            f"the ImageNet weights of {name!r} could not be downloaded "
            f"({type(error).__name__}: {error}). Either fetch model.safetensors from "
            f"https://huggingface.co/{hub} where there is a network and pass weights=<its path>, "
            'or use trunk("lite0"), whose weights are installed'
        ) from error


def _read_file(path: Path) -> dict[str, Tensor]:
    if path.suffix != ".safetensors":
        return read_state(path)
    if not path.is_file():
        raise WeightsError(f"no weights at {path}: pass weights=<path of a .safetensors file>")
    from safetensors.torch import load_file

    try:
        state = load_file(path)
    except Exception as error:  # OSError, or one of its own
        raise WeightsError(f"{path} cannot be read as safetensors ({error})") from error
    return checked_state(state, path)
