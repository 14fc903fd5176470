import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torchvision import models

from fashret_utils.models import backbones


def same(a, b):
    a, b = a.state_dict(), b.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


@pytest.mark.parametrize("size", [28, 32, 48, 64])
def test_small_embeds_pictures_of_every_cpu_size(size):
    model = backbones.small(dim=24, width=8)
    embeddings = model(torch.rand(3, 3, size, size))
    assert embeddings.shape == (3, model.dim) == (3, 24)
    assert not torch.allclose(embeddings.norm(dim=1), torch.ones(3), atol=0.01)


def test_small_counts_as_its_formula_says():
    width, dim = 4, 8

    def block(channels_in, channels):
        convolutions = 9 * channels_in * channels + 9 * channels * channels + channels_in * channels
        return convolutions + 3 * 2 * channels

    expected = 3 * 9 * width + 2 * width + block(4, 4) + block(4, 8) + (8 * dim + dim)
    assert backbones.parameters(backbones.small(dim, width, blocks=(1, 1))) == expected


def test_blocks_add_depth_without_halving_the_picture():
    model = backbones.small(width=4, blocks=(1, 2))
    features = model.stages(model.stem(torch.rand(1, 3, 32, 32)))
    assert features.shape == (1, 8, 8, 8)
    assert isinstance(model.stages[2].shortcut, nn.Identity)


def test_activations_keep_their_size_through_the_net():
    model = backbones.small(width=16).eval()
    with torch.no_grad():
        features = model.stages(model.stem(torch.randn(8, 3, 48, 48)))
    assert 0.2 < features.std() < 5


def test_seed_alone_decides_the_weights():
    torch.manual_seed(1)
    first = backbones.small(width=4, seed=3)
    torch.manual_seed(2)
    assert same(first, backbones.small(width=4, seed=3))
    assert not same(first, backbones.small(width=4, seed=4))


def test_building_leaves_the_random_state_alone():
    before = torch.get_rng_state()
    backbones.small(width=4)
    backbones.trunk("resnet18", 8)
    assert torch.equal(before, torch.get_rng_state())


def test_small_learns_a_batch_by_heart():
    model = backbones.small(dim=4, width=8)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    generator = torch.Generator().manual_seed(0)
    images, items = torch.randn(16, 3, 32, 32, generator=generator), torch.arange(16) % 4
    for _ in range(20):
        loss = nn.functional.cross_entropy(model(images), items)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert loss < 0.1


@pytest.mark.parametrize("name", ["resnet18", "densenet121"])
def test_trunk_ends_in_an_embedding(name):
    model = backbones.trunk(name, dim=12).eval()
    assert model(torch.rand(1, 3, 64, 64)).shape == (1, model.dim) == (1, 12)


def test_trunk_loads_a_state_dict_and_keeps_its_own_head(tmp_path):
    donor = models.resnet18(weights=None)
    torch.save(donor.state_dict(), tmp_path / "resnet18.pt")
    model = backbones.trunk("resnet18", 8, weights=tmp_path / "resnet18.pt", seed=5)
    assert torch.equal(model.layer4[1].conv2.weight, donor.layer4[1].conv2.weight)
    assert torch.equal(model.fc.weight, backbones.trunk("resnet18", 8, seed=5).fc.weight)


def test_weights_of_another_network_are_refused(tmp_path):
    torch.save(backbones.small(width=4).state_dict(), tmp_path / "small.pt")
    with pytest.raises(backbones.WeightsError, match=r"do not fit ResNet: missing .*conv1"):
        backbones.trunk("resnet18", weights=tmp_path / "small.pt")


def test_absent_weights_file_is_named(tmp_path):
    with pytest.raises(backbones.WeightsError, match=r"no weights at .*none\.pt"):
        backbones.trunk("resnet18", weights=tmp_path / "none.pt")


def test_a_file_that_is_no_state_dict_is_named(tmp_path):
    (tmp_path / "photo.pt").write_bytes(b"not weights")
    with pytest.raises(backbones.WeightsError, match=r"photo\.pt is not a state dict"):
        backbones.trunk("resnet18", weights=tmp_path / "photo.pt")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: {f"module.{k}": v for k, v in s.items()}, "names begin with 'module': save the"),
        (lambda s: {"state_dict": s, "epoch": 3}, "holds state_dict, epoch, .*what is in 'state_d"),
        (
            lambda s: s | {"conv1.weight": torch.zeros(64, 1, 7, 7)},
            r"conv1.weight has shape \(64, 1, 7, 7\), the network needs \(64, 3, 7, 7\)",
        ),
        (
            lambda s: s | {"bn1.weight": s["bn1.weight"] * torch.nan},
            "NaN or infinite numbers in bn1",
        ),
        (lambda s: [1, 2], "holds a list, expected a state dict"),
        (lambda s: {}, "holds nothing, expected a state dict"),
        (
            lambda s: {k: v for k, v in s.items() if k != "conv1.weight"},
            r"missing \['conv1.weight'\]",
        ),
    ],
)
def test_weights_that_do_not_fit_say_why_and_what_to_do(tmp_path, change, message):
    path = tmp_path / "any.pt"
    torch.save(change(models.resnet18(weights=None).state_dict()), path)
    with pytest.raises(backbones.WeightsError, match=rf"any\.pt.*{message}"):
        backbones.trunk("resnet18", 8, weights=path)


@settings(deadline=None, max_examples=30)
@given(st.binary(max_size=60), st.booleans())
def test_any_file_that_is_no_state_dict_is_named(tmp_path_factory, content, packed):
    path = tmp_path_factory.mktemp("weights") / "any.pt"
    path.write_bytes((b"PK\x03\x04" if packed else b"") + content)
    with pytest.raises(backbones.WeightsError, match=r"any\.pt"):
        backbones.read_state(path)


@pytest.mark.parametrize("width", [4, 8])
def test_a_shortcut_gives_the_numbers_of_its_convolution(width):
    block = backbones.small(8, width, blocks=(1,)).stages[0].shortcut[0]
    x = torch.rand(2, width, 9, 7).to(memory_format=torch.channels_last)
    plain = nn.functional.conv2d(x.contiguous(), block.weight, stride=2)
    torch.testing.assert_close(block(x), plain)


def test_a_failed_download_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    # A closed local port stands for a machine without a network.
    for proxy in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setattr("urllib.request._opener", None)  # it would keep the proxy for all others
    with pytest.raises(
        backbones.WeightsError, match=r"'resnet18' could not be downloaded.*TORCH_HOME"
    ):
        backbones.trunk("resnet18", pretrained=True)


def test_build_knows_both_families_and_lists_them():
    assert backbones.build("small", 8, width=4).dim == 8
    assert isinstance(backbones.build("resnet18", 8), models.ResNet)
    with pytest.raises(ValueError, match=r"unknown backbone 'resnet19'.*small, alexnet"):
        backbones.build("resnet19")
    with pytest.raises(ValueError, match=r"unknown trunk 'small'"):
        backbones.trunk("small")


def test_weights_that_were_downloaded_before_are_used(downloaded):
    stored = torch.load(downloaded("resnet18"), weights_only=True)
    model = backbones.trunk("resnet18", dim=8, pretrained=True)
    assert torch.equal(model.conv1.weight, stored["conv1.weight"])
    assert model.fc.out_features == 8
