"""The fastest way through a frozen trunk on a CPU: ONNX Runtime where it is installed.

Measured for EfficientNet-Lite0, 96 px, batches of 32, one thread, pictures/s relative to PyTorch
with channels last: up to block 10 ONNX Runtime 2.6, PyTorch contiguous 0.8; whole 2.5 and 0.8.
OpenVINO is 1.06 times as fast as ONNX Runtime there, which does not earn its 180 MB. The batch size
is fixed on export: shapes that the exporter does not know cost ONNX Runtime 40 % of its speed.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from fashret_utils.atomic import replacing
from fashret_utils.data.cache import cache_folder

BATCH = 32
TOLERANCE = 1e-2
Runner = Callable[[np.ndarray], tuple[np.ndarray, ...]]


def runner(trunk: nn.Module, size: int) -> Runner:
    """Make a function from pictures to a trunk's maps, without gradients.

    On a CPU it runs through ONNX Runtime, on the caller's thread alone, if that is installed and
    gives PyTorch's maps to within 1e-2; else through PyTorch, with its own number of threads; on a
    GPU, where the trunk is on one, through PyTorch. Several threads may call it at once.

    **Arguments**: `trunk` - a `Trunk`; `size` - the side of the pictures, in pixels.

    **Returns** a function: uint8 (B, 3, size, size) -> for each of the trunk's outputs float32
    (B, C, h, w), or (B, C) pooled.
    """
    if next(trunk.parameters()).device.type != "cpu":
        return _torch_runner(trunk)
    try:
        import onnxruntime
    except ImportError:
        return _torch_runner(trunk)
    run = _onnx_runner(trunk, size, onnxruntime)
    pictures = np.random.default_rng(0).integers(0, 256, (8, 3, size, size), np.uint8)
    pairs = zip(run(pictures), _torch_runner(trunk)(pictures), strict=True)
    error = max(float(np.abs(ours - theirs).max()) for ours, theirs in pairs)
    if not error <= TOLERANCE:
        warnings.warn(
            f"ONNX Runtime {onnxruntime.__version__} differs from PyTorch by {error:.2g} in "
            f"{trunk.name}: PyTorch is used, more slowly",
            stacklevel=2,
        )
        return _torch_runner(trunk)
    return run


def _torch_runner(trunk: nn.Module) -> Runner:
    device = next(trunk.parameters()).device
    trunk = trunk.giving(trunk.outputs, pool=trunk.pool).to(
        device, memory_format=torch.channels_last
    )

    def run(pictures: np.ndarray) -> tuple[np.ndarray, ...]:
        with torch.inference_mode():
            maps = trunk(torch.from_numpy(pictures).to(device))
        maps = maps if isinstance(maps, tuple) else (maps,)
        return tuple(m.float().cpu().numpy() for m in maps)

    return run


def _onnx_runner(trunk: nn.Module, size: int, onnxruntime) -> Runner:
    path = exported(trunk, size)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only

    def opened():
        providers = ["CPUExecutionProvider"]
        return onnxruntime.InferenceSession(path.read_bytes(), options, providers=providers)

    try:
        session = opened()
    except Exception:  # its exceptions share no class; the file is damaged, and made again
        path.unlink()
        exported(trunk, size)
        session = opened()
    name = session.get_inputs()[0].name

    def run(pictures: np.ndarray) -> tuple[np.ndarray, ...]:
        parts = []
        for begin in range(0, len(pictures), BATCH):
            part = pictures[begin : begin + BATCH]
            full = np.zeros((BATCH, *part.shape[1:]), np.uint8)
            full[: len(part)] = part
            parts.append([m[: len(part)] for m in session.run(None, {name: full})])
        return tuple(np.concatenate(maps) for maps in zip(*parts, strict=True))

    return run


def exported(trunk: nn.Module, size: int) -> Path:
    """The trunk as an ONNX file in the cache folder, made when it is not there (5 seconds).

    **Arguments**: `size` - the side of the pictures; they come in batches of `BATCH`.
    """
    digest = hashlib.blake2b(f"{trunk.identity} {size} {BATCH}".encode(), digest_size=12)
    path = cache_folder() / "onnx" / f"{trunk.name}-{digest.hexdigest()}.onnx"
    if not path.exists():
        pictures = torch.zeros((BATCH, 3, size, size), dtype=torch.uint8)
        copy = trunk.giving(trunk.outputs, pool=trunk.pool).cpu()
        logger = logging.getLogger("torch.onnx")
        level = logger.level
        logger.setLevel(logging.ERROR)
        try:
            with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")  # of the exporter, about itself
                program = torch.onnx.export(copy, (pictures,), dynamo=True, verbose=False)
        finally:
            logger.setLevel(level)
        with replacing(path) as temporary:
            program.save(temporary)
    return path
