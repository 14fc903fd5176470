"""The card that is not there behaves as one does: it computes, and refuses what a card refuses."""

import fake_cuda
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F


def network():
    layers = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 5)]
    return nn.Sequential(*layers)


def trained(device, precision=None):
    """Losses and weights of a few steps: convolution, clipping, AdamW, a schedule."""
    torch.manual_seed(0)
    model, x = network(), torch.randn(6, 3, 8, 8)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, 5)
    model.to(device).to(memory_format=torch.channels_last)
    x, items = x.to(device), torch.arange(6, device=device) % 5
    losses = []
    for _ in range(5):
        with torch.autocast("cuda", torch.bfloat16, enabled=precision is not None):
            scores = model(x)
        loss = F.cross_entropy(scores.float(), items)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss.detach())
    return scores, torch.stack(losses).cpu(), {k: v.cpu() for k, v in model.state_dict().items()}


def test_it_learns_what_the_cpu_learns(card):
    scores, losses, weights = trained("cuda")
    assert scores.device == torch.device("cuda", 0)
    assert scores.is_cuda
    _, there, theirs = trained("cpu")
    assert torch.equal(losses, there)
    for name, value in weights.items():
        assert type(value) is torch.Tensor
        assert torch.equal(value, theirs[name]), name


def test_autocast_computes_in_bfloat16_and_learns_in_float32(card):
    scores, losses, weights = trained("cuda", "bf16")
    assert scores.dtype == torch.bfloat16
    assert losses.dtype == weights["0.weight"].dtype == torch.float32
    assert losses.tolist() == pytest.approx(trained("cpu")[1].tolist(), rel=0.1)
    assert not torch.equal(losses, trained("cpu")[1])


def test_parameters_keep_their_identity_on_the_way(card):
    model = network()
    known = list(model.parameters())
    model.to("cuda")
    assert all(a is b for a, b in zip(known, model.parameters(), strict=True))
    assert {p.device.type for p in model.parameters()} == {"cuda"}
    model.to("cpu")
    assert {type(p) for p in known} == {nn.Parameter}


FORGOTTEN = {
    "a constant": lambda x: x * torch.tensor([2.0]),
    "a number": lambda x: x * torch.tensor(2.0),
    "a list joined": lambda x: torch.cat([x, torch.zeros(1, 3)]),
    "a range": lambda x: F.cross_entropy(x, torch.arange(4)),
    "a matrix": lambda x: x @ torch.eye(3),
    "a mask": lambda x: torch.where(torch.ones(4, 1) > 0, x, x),
    "written": lambda x: x.clone().index_add_(0, torch.zeros(4, dtype=torch.int64), x),
    "rows put in": lambda x: x.clone().index_put_((torch.arange(4),), torch.zeros(4, 3)),
    "another generator": lambda x: torch.rand(3, device=x.device, generator=torch.Generator()),
    "a generator for the CPU": lambda x: torch.rand(3, generator=torch.Generator(x.device)),
    "to numpy": lambda x: x.numpy(),
    "to numpy by itself": lambda x: np.asarray(x),
    "pinned": lambda x: x.pin_memory(),
}


@pytest.mark.parametrize("what", FORGOTTEN)
def test_a_forgotten_device_raises(card, what):
    x = torch.ones((4, 3), device="cuda")
    with pytest.raises((RuntimeError, TypeError)):
        FORGOTTEN[what](x)


WAITED_FOR = {
    "_local_scalar_dense": lambda x: float(x.sum()),
    "tolist": lambda x: x.tolist(),
    "nonzero": lambda x: x.nonzero(),
    "index": lambda x: x[x > 0],
    "_unique2": lambda x: x.unique(),
    "copy to cpu": lambda x: x.cpu(),
    "copy to cuda": lambda x: torch.zeros(3).to(x.device, non_blocking=True),  # not pinned
    "torch.tensor": lambda x: torch.tensor([1.0], device=x.device),
}


@pytest.mark.parametrize("what", WAITED_FOR)
def test_waits_are_listed_with_their_line(card, what):
    x = torch.ones((4, 3), device="cuda")
    assert card.waits == []
    WAITED_FOR[what](x)
    (wait,) = card.waits
    assert wait.startswith(f"{what} at {__file__}:")


def test_what_needs_no_wait_is_not_listed(card):
    x = torch.zeros(3).pin_memory().to("cuda", non_blocking=True)
    (x + 1)[torch.arange(2, device=x.device)].sum().mul_(2)
    x.requires_grad_().exp().sum().backward()
    assert card.waits == []


def test_gradients_cross_over(card):
    x = torch.ones(3, requires_grad=True)
    (x.to("cuda") * 2).cpu().sum().backward()
    assert x.grad.tolist() == [2, 2, 2]


def test_shapes_know_cudas_own_casts():
    with fake_cuda.shapes():
        model, x = network().to("cuda"), torch.zeros((6, 3, 8, 8), device="cuda")
        with torch.autocast("cuda", torch.bfloat16):
            scores = model(x)
            assert scores.device.type == "cuda"
            assert scores.dtype == torch.bfloat16
            assert scores.exp().dtype == scores.sum().dtype == torch.float32
        with pytest.raises(RuntimeError, match="two devices"):
            scores + torch.zeros(5)
    assert not torch.is_autocast_enabled("cuda")


def test_nothing_stays_behind():
    with fake_cuda.numbers():
        assert torch.cuda.is_available()
        x = torch.ones(2, device="cuda")
    assert not isinstance(torch.ones(2), fake_cuda.OnCard)
    assert "to" not in torch.Tensor.__dict__
    assert torch.Generator is torch._C.Generator
    assert x.tolist() == [1, 1]
