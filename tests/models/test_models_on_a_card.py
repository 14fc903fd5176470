"""Networks, losses and detectors on a graphics card: the numbers and gradients of the CPU."""

import fake_cuda
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fashret_utils.models import (
    CenterLoss,
    InceptionResnetV1,
    SampledItems,
    backbones,
    cut,
    feature_maps,
    freeze_batch_norm,
    pyramid,
    seeded,
    together,
    trunk,
)
from fashret_utils.models.detection import detectors, geometry
from fashret_utils.models.trunks import stems
from fashret_utils.training.acceleration import accelerator, prepare_module

N, DIM = 30, 8


class Classifier(nn.Module):
    """Items by the cosine of an embedding and a row of `weight`, as chapters have them."""

    def __init__(self, n_items=N, dim=DIM):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_items, dim))

    def forward(self, embeddings, items):
        return F.cross_entropy(10 * F.normalize(embeddings) @ F.normalize(self.weight).T, items)


class Pooled(nn.Module):
    """A linear layer on the means of maps."""

    def __init__(self, maps, widths):
        super().__init__()
        self.maps, self.head = maps, nn.Linear(sum(widths), DIM)

    def forward(self, images):
        maps = self.maps(images)
        maps = maps if isinstance(maps, tuple) else (maps,)
        return self.head(together([m.mean((2, 3)) if m.dim() == 4 else m for m in maps]))


class Behind(nn.Module):
    """What follows a frozen stem, and the stem."""

    def __init__(self, stem, tail, width):
        super().__init__()
        self.stem, self.after = stem, Pooled(freeze_batch_norm(tail), [width])

    def forward(self, images):
        return self.after(self.stem(images))


def of_trunk(name, after, width):
    return lambda: Behind(*cut(trunk(name, pretrained=False), after), width)


NETWORKS = {  # name: how to make it, side of its pictures, whether these are bytes
    "small": (lambda: backbones.small(DIM, 4, blocks=(1, 1)), 16, False),
    "resnet18": (lambda: backbones.trunk("resnet18", DIM), 32, False),
    "maps of small": (lambda: Pooled(feature_maps(backbones.small(8, 4), (2, 3)), [8, 16]), 32, 0),
    "maps of resnet18": (
        lambda: Pooled(feature_maps(backbones.trunk("resnet18"), last_stride=1), [128, 256, 512]),
        64,
        False,
    ),
    "inception-resnet": (
        lambda: InceptionResnetV1(DIM, 0.1, first_stride=1, blocks=(1, 1, 1), dropout=0.2),
        39,
        False,
    ),
    "lite0, cut": (of_trunk("lite0", 10, 1280), 32, True),
    "lite0, pyramid": (
        lambda: Pooled(pyramid(trunk("lite0", False), pool=True), [40, 112, 320]),
        32,
        True,
    ),
    "resnet18 of timm, cut": (of_trunk("resnet18", "block5", 512), 32, True),
    "vgg11 of timm, cut": (of_trunk("vgg11", "block2", 512), 32, True),
}


def pictures(size, raw, device, batch=4):
    x = torch.randint(0, 256, (batch, 3, size, size), dtype=torch.uint8)
    return x.to(device) if raw else (x.float() / 255).to(device)


def step(name, device, precision=False):
    """A step of training: the loss, the gradients, the embeddings."""
    make, size, raw = NETWORKS[name]
    model, head = seeded("network", 0, make), seeded("head", 0, Classifier)
    model.train()
    torch.manual_seed(0)
    x, items = pictures(size, raw, device), torch.arange(4, device=device)
    model.to(device), head.to(device)
    with torch.autocast("cuda", torch.bfloat16, enabled=precision):
        embeddings = model(x)
    loss = head(embeddings.float(), items)
    loss.backward()
    learnt = [*model.named_parameters(), *head.named_parameters()]
    return loss, {key: p.grad.cpu() for key, p in learnt if p.grad is not None}, embeddings


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_learn_on_the_card_what_they_learn_on_the_cpu(card, name):
    loss, gradients, embeddings = step(name, "cuda")
    assert embeddings.device.type == loss.device.type == "cuda"
    here, theirs, _ = step(name, "cpu")
    assert torch.equal(loss.detach().cpu(), here.detach())
    assert gradients.keys() == theirs.keys()
    for key, gradient in gradients.items():
        torch.testing.assert_close(gradient, theirs[key], msg=lambda text, k=key: f"{k}: {text}")


@pytest.mark.parametrize("name", ["small", "inception-resnet", "lite0, cut"])
def test_weights_and_gradients_stay_float32_in_bfloat16(card, name):
    loss, gradients, embeddings = step(name, "cuda", precision=True)
    assert embeddings.dtype == torch.bfloat16
    assert {loss.dtype, *(gradient.dtype for gradient in gradients.values())} == {torch.float32}
    assert all(gradient.isfinite().all() for gradient in gradients.values())
    assert float(loss.detach()) == pytest.approx(float(step(name, "cpu")[0].detach()), rel=0.2)


@pytest.mark.parametrize("name", NETWORKS)
def test_cudas_own_autocast_computes_networks_in_bfloat16(name):
    make, size, raw = NETWORKS[name]
    model, head = make().train(), Classifier()
    with fake_cuda.shapes():
        model.to("cuda"), head.to("cuda")
        x = torch.zeros((4, 3, size, size), device="cuda").to(torch.uint8 if raw else torch.float32)
        with torch.autocast("cuda", torch.bfloat16):
            embeddings = model(x)
        assert (embeddings.shape, embeddings.dtype) == ((4, DIM), torch.bfloat16)
        loss = head(embeddings.float(), torch.arange(4, device="cuda"))
        assert (loss.dtype, loss.device.type) == (torch.float32, "cuda")


def test_networks_make_nobody_wait(card):
    for name in NETWORKS:
        make, size, raw = NETWORKS[name]
        model, x = make().to("cuda"), pictures(size, raw, "cuda")
        card.waits.clear()
        model(x).sum().backward()
        assert card.waits == [], name


@pytest.mark.parametrize("kind", [fake_cuda.numbers, fake_cuda.shapes])
def test_a_constant_that_stays_behind_is_seen(kind, monkeypatch):
    make, size, _ = NETWORKS["lite0, cut"]
    model = make()
    monkeypatch.setattr(stems, "constant", lambda values, like: torch.tensor(values))
    with kind(), pytest.raises(RuntimeError, match="same device"):
        model.to("cuda")(torch.zeros((4, 3, size, size), dtype=torch.uint8, device="cuda"))


class Forgets(nn.Module):
    """What somebody may write: a constant that stays on the CPU."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, embeddings, items):
        return self.inner(embeddings * torch.tensor([2.0]), items)


LOSSES = {
    "a classifier": Classifier,
    "centres": lambda: CenterLoss(N, DIM),
    "some of the items": lambda: SampledItems(Classifier(), 0.5),
    "fewer than the batch has": lambda: SampledItems(Classifier(), 0.1),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses(card, name):
    def run(device, wrong=False):
        torch.manual_seed(0)
        loss = LOSSES[name]()
        loss = Forgets(loss) if wrong else loss
        embeddings = torch.randn(8, DIM).to(device).requires_grad_()
        items = (torch.arange(8) % 6).to(device)
        loss.to(device)
        card.waits.clear()
        value = loss(embeddings, items)
        value.backward()
        waits = list(card.waits)
        states = [embeddings.grad.cpu(), *(v.cpu() for v in loss.state_dict().values())]
        return value, states, waits

    value, states, waits = run("cuda")
    assert value.device.type == "cuda"
    assert len(waits) == (1 if name == "fewer than the batch has" else 0)
    here, theirs, _ = run("cpu")
    assert torch.equal(value.detach().cpu(), here.detach())
    for mine, other in zip(states, theirs, strict=True):
        assert torch.equal(mine, other)
    with pytest.raises(RuntimeError, match="same device"):
        run("cuda", wrong=True)


def test_a_loss_is_prepared_in_float32_and_a_network_in_bfloat16(card):
    runs_on = accelerator("cuda")
    model = prepare_module(runs_on, backbones.small(DIM, 4, blocks=(1, 1)), compile=False)
    seen = []
    hook = lambda module, inputs, output: seen.append(output.dtype)  # noqa: E731
    model.embedding.register_forward_hook(hook)
    embeddings = model(pictures(16, False, "cuda"))
    assert (seen, embeddings.dtype) == ([torch.bfloat16], torch.float32)
    assert model.stem[0].weight.is_contiguous(memory_format=torch.channels_last)
    head = nn.Linear(DIM, 3)
    head.register_forward_hook(hook)
    assert prepare_module(runs_on, head, compile=False)(embeddings).device.type == "cuda"
    assert seen[1:] == [torch.float32]


def scenes(device):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (3, 3, 48, 48), np.uint8)
    boxes = np.tile(np.array([[4, 4, 24, 20], [20, 22, 44, 44]], np.float32), (3, 1, 1))
    return detectors.Scenes(pixels, boxes, steps=1, batch=2, device=device)


def detector():
    torch.manual_seed(0)
    return detectors.faster_rcnn(feature_maps(backbones.small(8, 4), (2, 3)), 48, 16)


def test_a_detector_learns_and_answers(card):
    def run(device):
        model, data = detector().to(device), scenes(device)
        torch.manual_seed(1)
        loss = detectors.faster_rcnn_loss(model, data.at(0))
        loss.backward()
        gradient = model.roi_heads.box_predictor.cls_score.weight.grad
        found, report = detectors.examine(model, detectors.faster_rcnn_answers, data)
        return loss, gradient.cpu(), found, report["ap@0.5"]

    loss, gradient, found, precision = run("cuda")
    assert loss.device.type == "cuda"
    here, theirs, others, same = run("cpu")
    assert float(loss.detach()) == pytest.approx(float(here.detach()), rel=1e-5)
    torch.testing.assert_close(gradient, theirs)
    assert precision == same
    for (boxes, scores), (expected, known) in zip(found, others, strict=True):
        np.testing.assert_allclose(boxes, expected, rtol=1e-4, atol=1e-3)
        np.testing.assert_allclose(scores, known, rtol=1e-4)


def test_boxes_and_offsets(card):
    boxes = torch.tensor([[1.0, 2, 30, 40], [5, 5, 9, 20]]).to("cuda")
    card.waits.clear()
    offsets = geometry.encode(boxes, boxes + 3)
    back = geometry.decode(boxes, offsets)
    assert card.waits == []
    torch.testing.assert_close(back.cpu(), boxes.cpu() + 3)
    assert offsets.bfloat16().dtype == geometry.decode(boxes.bfloat16(), offsets.bfloat16()).dtype
