"""Feature maps: shapes at odd sizes, weights of the backbone, strides taken out."""

import pytest
import torch
from torch import nn

from fashret_utils.models import backbones
from fashret_utils.models.levels import feature_maps


def halved(size, times):
    for _ in range(times):
        size = -(-size // 2)
    return size


@pytest.fixture(scope="module")
def resnet():
    return backbones.trunk("resnet18", 8)


@pytest.mark.parametrize("size", [(28, 28), (33, 47), (48, 48), (65, 31)])
@pytest.mark.parametrize("last_stride", [1, 2])
def test_small_maps_halve_at_every_size(size, last_stride):
    maps = feature_maps(backbones.small(width=4), (2, 3, 4), last_stride=last_stride)
    found = [tuple(m.shape) for m in maps(torch.rand(2, 3, *size))]
    times = [2, 3, 4 if last_stride == 2 else 3]
    expected = [
        (2, c, *(halved(s, t) for s in size)) for c, t in zip((8, 16, 32), times, strict=True)
    ]
    assert found == expected
    assert maps.channels == (8, 16, 32)
    assert maps.strides == (4, 8, 16 if last_stride == 2 else 8)


@pytest.mark.parametrize("size", [64, 75])
def test_resnet_maps_halve_at_every_size(resnet, size):
    maps = feature_maps(resnet, last_stride=1)
    found = [tuple(m.shape[1:]) for m in maps(torch.rand(1, 3, size, size))]
    sides = [halved(size, 3), halved(size, 4), halved(size, 4)]
    assert found == [(c, s, s) for c, s in zip((128, 256, 512), sides, strict=True)]
    assert maps.strides == (8, 16, 16)


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("convnext_tiny", (96, 192, 384, 768)),
        ("densenet121", (256, 512, 1024, 1024)),
        ("efficientnet_b0", (24, 40, 112, 320)),
    ],
)
def test_other_families_have_four_levels(name, channels):
    maps = feature_maps(backbones.trunk(name, 4), (2, 3, 4, 5))
    assert maps.channels == channels
    assert maps.strides == (4, 8, 16, 32)


def test_vgg_levels_end_before_the_pools():
    from torchvision.models import VGG
    from torchvision.models.vgg import make_layers

    layout = [4, "M", 4, "M", 8, 8, "M", 16, "M", 16, "M"]
    maps = feature_maps(VGG(make_layers(layout), num_classes=2, init_weights=False), (2, 3, 4, 5))
    assert maps.channels == (8, 16, 16, 16)
    assert maps.strides == (4, 8, 16, 32)


def test_maps_are_the_backbones_own_and_leave_it_alone():
    torch.manual_seed(0)
    backbone = backbones.small(width=4).eval()
    images = torch.rand(2, 3, 48, 48)
    before = backbone(images)
    maps = feature_maps(backbone, (3, 4)).eval()
    features = backbone.stages(backbone.stem(images))
    torch.testing.assert_close(maps(images)[1], features, rtol=0, atol=0)
    feature_maps(backbone, (3, 4), last_stride=1)
    with torch.no_grad():
        for p in maps.parameters():
            p.zero_()
    torch.testing.assert_close(backbone(images), before, rtol=0, atol=0)


def test_resnet_maps_are_its_layers(resnet):
    resnet.eval()
    images = torch.rand(1, 3, 64, 64)
    x = resnet.maxpool(resnet.relu(resnet.bn1(resnet.conv1(images))))
    expected = []
    for layer in (resnet.layer1, resnet.layer2, resnet.layer3, resnet.layer4):
        x = layer(x)
        expected.append(x)
    for found, wanted in zip(feature_maps(resnet).eval()(images), expected[1:], strict=True):
        torch.testing.assert_close(found, wanted, rtol=0, atol=0)


def test_making_maps_keeps_mode_and_running_means():
    backbone = backbones.small(width=4)
    maps = feature_maps(backbone, (2, 3))
    assert maps.training
    means = [m.running_mean for m in maps.modules() if isinstance(m, nn.BatchNorm2d)]
    assert means
    assert not any(mean.any() for mean in means)


def test_gradients_reach_the_stem():
    maps = feature_maps(backbones.small(width=4), (2, 3, 4), last_stride=1)
    maps(torch.rand(2, 3, 32, 32))[-1].sum().backward()
    assert maps.body.stem[0].weight.grad.abs().sum() > 0


@pytest.mark.parametrize(
    ("levels", "options", "message"),
    [
        ((), {}, r"levels = \(\): expected rising numbers"),
        ((4, 3), {}, r"levels = \(4, 3\): expected rising numbers"),
        ((3, 5), {}, r"levels = \(3, 5\): this SmallNet has 1, 2, 3, 4"),
        ((3, 4), {"last_stride": 3}, r"last_stride = 3: expected 1 or 2"),
    ],
)
def test_what_a_backbone_lacks_is_refused(levels, options, message):
    with pytest.raises(ValueError, match=message):
        feature_maps(backbones.small(width=4), levels, **options)


def test_networks_that_cannot_be_cut_are_refused():
    with pytest.raises(ValueError, match=r"Sequential has no known levels: use `small`"):
        feature_maps(nn.Sequential(nn.Conv2d(3, 4, 3)))
    with pytest.raises(ValueError, match=r"last_stride = 1: features\.7 of ConvNeXt has no"):
        feature_maps(backbones.trunk("convnext_tiny", 4), last_stride=1)
