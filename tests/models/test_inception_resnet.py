import pytest
import torch
from torch import nn

from fashret_utils.models import backbones
from fashret_utils.models.backbones import WeightsError
from fashret_utils.models.inception_resnet import InceptionResnetV1, load_released

# Convolutions of facenet-pytorch's InceptionResnetV1 as (out, in, height, width).
STEM = {
    "conv2d_1a": (32, 3, 3, 3),
    "conv2d_2a": (32, 32, 3, 3),
    "conv2d_2b": (64, 32, 3, 3),
    "conv2d_3b": (80, 64, 1, 1),
    "conv2d_4a": (192, 80, 3, 3),
    "conv2d_4b": (256, 192, 3, 3),
    "mixed_6a.branch0": (384, 256, 3, 3),
    "mixed_6a.branch1.0": (192, 256, 1, 1),
    "mixed_6a.branch1.1": (192, 192, 3, 3),
    "mixed_6a.branch1.2": (256, 192, 3, 3),
    "mixed_7a.branch0.0": (256, 896, 1, 1),
    "mixed_7a.branch0.1": (384, 256, 3, 3),
    "mixed_7a.branch1.0": (256, 896, 1, 1),
    "mixed_7a.branch1.1": (256, 256, 3, 3),
    "mixed_7a.branch2.0": (256, 896, 1, 1),
    "mixed_7a.branch2.1": (256, 256, 3, 3),
    "mixed_7a.branch2.2": (256, 256, 3, 3),
}
BLOCK35 = {
    "branch0": (32, 256, 1, 1),
    "branch1.0": (32, 256, 1, 1),
    "branch1.1": (32, 32, 3, 3),
    "branch2.0": (32, 256, 1, 1),
    "branch2.1": (32, 32, 3, 3),
    "branch2.2": (32, 32, 3, 3),
}
BLOCK17 = {
    "branch0": (128, 896, 1, 1),
    "branch1.0": (128, 896, 1, 1),
    "branch1.1": (128, 128, 1, 7),
    "branch1.2": (128, 128, 7, 1),
}
BLOCK8 = {
    "branch0": (192, 1792, 1, 1),
    "branch1.0": (192, 1792, 1, 1),
    "branch1.1": (192, 192, 1, 3),
    "branch1.2": (192, 192, 3, 1),
}


SCALES = [("repeat_1", 0.17), ("repeat_2", 0.10), ("block8", 1.0)]


def released_shapes(classes=8631):
    """Names and shapes of the released weights, written down from their documentation."""
    blocks = [(f"repeat_1.{i}", BLOCK35, (256, 96)) for i in range(5)]
    blocks += [(f"repeat_2.{i}", BLOCK17, (896, 256)) for i in range(10)]
    blocks += [(f"repeat_3.{i}", BLOCK8, (1792, 384)) for i in range(5)]
    blocks += [("block8", BLOCK8, (1792, 384))]
    convolutions, shapes = dict(STEM), {}
    for prefix, branches, joined in blocks:
        convolutions |= {f"{prefix}.{name}": shape for name, shape in branches.items()}
        shapes[f"{prefix}.conv2d.weight"] = (*joined, 1, 1)
        shapes[f"{prefix}.conv2d.bias"] = joined[:1]
    norms = {f"{name}.bn": shape[0] for name, shape in convolutions.items()} | {"last_bn": 512}
    shapes |= {f"{name}.conv.weight": shape for name, shape in convolutions.items()}
    for name, channels in norms.items():
        for part in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{name}.{part}"] = (channels,)
        shapes[f"{name}.num_batches_tracked"] = ()
    shapes["last_linear.weight"] = (512, 1792)
    return shapes | {"logits.weight": (classes, 512), "logits.bias": (classes,)}


def on_meta(**options):
    """Shapes without numbers."""
    with torch.device("meta"):
        return InceptionResnetV1(**options)


def tiny(**options):
    return InceptionResnetV1(**{"dim": 8, "width": 1 / 16, "blocks": (1, 1, 1)} | options)


def test_names_shapes_and_counts_are_those_of_the_released_weights():
    model = on_meta(dim=512, classes=8631)
    found = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    assert found == released_shapes()
    assert len(found) == 716
    assert backbones.parameters(model) == 27_910_327
    trunk = on_meta(dim=512)
    assert len(trunk.state_dict()) == 714
    assert backbones.parameters(trunk) == 23_482_624


def test_strides_and_paddings_give_the_published_map_sizes():
    model, sizes = InceptionResnetV1(width=1 / 16, blocks=(1, 1, 1)).eval(), {}
    for name in ("conv2d_1a", "conv2d_2a", "conv2d_2b", "maxpool_3a", "conv2d_4a", "conv2d_4b"):
        layer = getattr(model, name)
        layer.register_forward_hook(lambda _, __, y, name=name: sizes.update({name: y.shape[-1]}))
    for name in ("mixed_6a", "mixed_7a"):
        layer = getattr(model, name)
        layer.register_forward_hook(lambda _, __, y, name=name: sizes.update({name: y.shape[-1]}))
    assert model(torch.rand(1, 3, 160, 160)).shape == (1, 128)
    assert list(sizes.values()) == [79, 77, 77, 38, 36, 17, 8, 3]


@pytest.mark.parametrize(("first_stride", "smallest"), [(2, 75), (1, 39)])
def test_the_smallest_picture_passes_and_a_smaller_one_is_refused(first_stride, smallest):
    model = tiny(first_stride=first_stride).eval()
    assert model.smallest == smallest
    assert model(torch.rand(1, 3, smallest, smallest)).shape == (1, model.dim)
    with pytest.raises(ValueError, match=f"at least {smallest}"):
        model(torch.rand(1, 3, smallest - 1, smallest - 1))


def test_a_smaller_first_stride_keeps_every_name_and_shape():
    shapes = [
        {name: value.shape for name, value in tiny(first_stride=stride).state_dict().items()}
        for stride in (1, 2)
    ]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize(
    ("block", "scale"), [("repeat_1", 0.17), ("repeat_2", 0.10), ("block8", 1.0)]
)
def test_a_block_adds_its_scaled_branches(block, scale):
    block = getattr(tiny().eval(), block)
    block = block[0] if isinstance(block, nn.Sequential) else block
    x = torch.randn(2, block.conv2d.out_channels, 5, 5)
    branches = [block.branch0(x), block.branch1(x)]
    branches += [block.branch2(x)] if hasattr(block, "branch2") else []
    expected = x + scale * block.conv2d(torch.cat(branches, dim=1))
    expected = expected.clamp(min=0) if scale < 1 else expected
    assert torch.equal(block(x), expected)
    assert bool((block(x) < 0).any()) == (scale == 1)


def test_embeddings_are_not_normalised_and_logits_read_them():
    model = tiny(classes=5).eval()
    embeddings = model(torch.randn(3, 3, 75, 75))
    assert not torch.allclose(embeddings.norm(dim=1), torch.ones(3), atol=0.01)
    expected = embeddings @ model.logits.weight.T + model.logits.bias
    assert torch.allclose(model.classify(embeddings), expected, atol=1e-6)
    with pytest.raises(ValueError, match="classes=<items>"):
        tiny().classify(embeddings)


def test_seed_alone_decides_the_weights():
    before = torch.get_rng_state()
    first, same, other = tiny(seed=3), tiny(seed=3), tiny(seed=4)
    assert torch.equal(before, torch.get_rng_state())
    weights = [model.conv2d_1a.conv.weight for model in (first, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_strange_options_are_refused():
    with pytest.raises(ValueError, match="first_stride must be 1 or 2"):
        tiny(first_stride=3)
    with pytest.raises(ValueError, match="width"):
        tiny(width=0)


def test_released_weights_load_wholly_into_the_same_net(tmp_path):
    state = {
        name: torch.full(shape, 0.01 * (i % 7 + 1)) if shape else torch.tensor(5)
        for i, (name, shape) in enumerate(released_shapes(classes=10).items())
    }
    torch.save(state, tmp_path / "released.pt")
    model = InceptionResnetV1(512, classes=10)
    assert load_released(model, tmp_path / "released.pt") == ()
    loaded = model.state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in state.items())
    with pytest.raises(WeightsError, match=r"does not fit this net: .*unexpected \['repeat_1\.1"):
        load_released(tiny(width=1.0), tmp_path / "released.pt")
    with pytest.raises(WeightsError, match=r"has shape \(\d.*, the net needs \(.*width=1"):
        load_released(tiny(blocks=(5, 10, 5)), tmp_path / "released.pt")


@pytest.fixture
def weights(tmp_path):
    """A file of a tiny net with 16 dimensions and 10 items, as an older version saves it."""
    state = tiny(dim=16, classes=10, seed=1).state_dict()
    state = {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}
    torch.save(state, tmp_path / "weights.pt")
    return tmp_path / "weights.pt", state


def test_another_size_of_embedding_keeps_the_trunk_and_a_new_head(weights):
    path, state = weights
    model = tiny(dim=8, classes=10)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert load_released(model, path) == ("last_linear", "last_bn", "logits")
    for name, value in model.state_dict().items():
        if name.startswith(("last_linear", "last_bn", "logits")):
            assert torch.equal(value, before[name])
        elif not name.endswith("num_batches_tracked"):
            assert torch.equal(value, state[name])


@pytest.mark.parametrize(("classes", "kept"), [(10, ()), (326, ("logits",)), (None, ())])
def test_another_number_of_items_keeps_only_its_own_logits(weights, classes, kept):
    path, state = weights
    model = tiny(dim=16, classes=classes)
    assert load_released(model, path) == kept
    assert torch.equal(model.last_linear.weight, state["last_linear.weight"])


def test_a_trunk_with_a_weight_too_few_or_too_many_is_refused(weights):
    path, state = weights
    with pytest.raises(WeightsError, match=r"does not fit this net: missing \['repeat_1\.1"):
        load_released(tiny(dim=16, blocks=(2, 1, 1)), path)
    torch.save({k: v for k, v in state.items() if "mixed_6a.branch0.conv" not in k}, path)
    with pytest.raises(WeightsError, match=r"mixed_6a\.branch0\.conv\.weight"):
        load_released(tiny(dim=16), path)
    torch.save(state | {"conv2d_9z.weight": torch.zeros(1)}, path)
    with pytest.raises(WeightsError, match=r"conv2d_9z\.weight"):
        load_released(tiny(dim=16), path)


def test_files_that_cannot_be_read_say_what_is_expected(tmp_path):
    with pytest.raises(WeightsError, match=r"no weights at .*absent\.pt: get one of"):
        load_released(tiny(), tmp_path / "absent.pt")
    (tmp_path / "torn.pt").write_bytes(b"PK\x03\x04torn")
    with pytest.raises(WeightsError, match=r"or is damaged .*expected one of"):
        load_released(tiny(), tmp_path / "torn.pt")
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(WeightsError, match="holds a list, expected a state dict; expected one of"):
        load_released(tiny(), tmp_path / "list.pt")
