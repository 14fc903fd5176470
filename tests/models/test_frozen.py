"""The fast way through a frozen trunk gives PyTorch's maps, or gives way to PyTorch."""

import sys

import numpy as np
import pytest
import torch

from fashret_utils.models import cut, pyramid, trunk
from fashret_utils.models.trunks import frozen

PICTURES = np.random.default_rng(1).integers(0, 256, (35, 3, 64, 64), np.uint8)


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASHRET_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def lite0():
    return trunk("lite0")


def by_torch(net, pictures):
    with torch.no_grad():
        maps = net(torch.from_numpy(pictures))
    return maps if isinstance(maps, tuple) else (maps,)


def test_maps_are_those_of_pytorch_in_any_number(lite0):
    stem = cut(lite0, after=10)[0]
    run = stem.frozen(64)
    for count in (1, 32, 35):  # batches are of 32
        (maps,) = run(PICTURES[:count])
        assert maps.dtype == np.float32
        np.testing.assert_allclose(maps, by_torch(stem, PICTURES[:count])[0], atol=1e-3)


def test_several_pooled_outputs(lite0):
    levels = pyramid(lite0, pool=True)
    found = levels.frozen(64)(PICTURES[:3])
    assert [m.shape for m in found] == [(3, 40), (3, 112), (3, 320)]
    for ours, theirs in zip(found, by_torch(levels, PICTURES[:3]), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_the_file_is_made_once_and_a_damaged_one_again(lite0, monkeypatch):
    pytest.importorskip("onnxruntime")
    stem = cut(lite0, after=1)[0]
    path = frozen.exported(stem, 64)
    made = path.stat().st_mtime_ns
    stem.frozen(64)
    assert path.stat().st_mtime_ns == made
    path.write_bytes(path.read_bytes()[:1000])
    np.testing.assert_allclose(
        stem.frozen(64)(PICTURES[:2])[0], by_torch(stem, PICTURES[:2])[0], atol=1e-3
    )
    assert path.stat().st_size > 1000


def test_pytorch_takes_over(lite0, monkeypatch):
    stem = cut(lite0, after=1)[0]
    (expected,) = by_torch(stem, PICTURES[:2])
    honest = frozen._onnx_runner

    def off(net, size, runtime):
        return lambda pictures: [m + 0.1 for m in honest(net, size, runtime)(pictures)]

    monkeypatch.setattr(frozen, "_onnx_runner", off)
    with pytest.warns(UserWarning, match=r"differs from PyTorch by 0\.1 in tf_eff.* PyTorch is us"):
        (maps,) = frozen.runner(stem, 64)(PICTURES[:2])
    np.testing.assert_allclose(maps, expected, atol=1e-5)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # as if it were not installed
    (maps,) = frozen.runner(stem, 64)(PICTURES[:2])
    np.testing.assert_allclose(maps, expected, atol=1e-5)
