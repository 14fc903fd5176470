"""Fixtures that several tests share."""

from pathlib import Path

import pytest
import timm
import torch
import torchvision

from fashret_utils.models.trunks import imagenet


@pytest.fixture
def downloaded(tmp_path, monkeypatch):
    """`downloaded(name)`: a network's weights as a user has them who got them; here random ones."""

    def put(name):
        url = torchvision.models.get_model_weights(name).IMAGENET1K_V1.url
        path = tmp_path / "torch/hub/checkpoints" / Path(url).name
        path.parent.mkdir(parents=True)
        torch.save(torchvision.models.get_model(name).state_dict(), path)
        monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
        monkeypatch.setattr(  # timm's are in the cache of another library
            imagenet, "_downloaded", lambda name, options: timm.create_model(name, **options)
        )
        return path

    return put


@pytest.fixture
def card():
    """A graphics card that is not there, with numbers; `card.waits`: what the CPU waited for."""
    import fake_cuda

    with fake_cuda.numbers() as plugged_in:
        yield plugged_in
