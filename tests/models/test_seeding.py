"""Starts: by name, whatever else is made; batch statistics that stay."""

import pickle
from copy import deepcopy

import timm
import torch
from torch import nn

from fashret_utils.models import freeze_batch_norm, seeded


def linear():
    return nn.Linear(4, 3)


def test_a_module_starts_by_its_name_and_the_seed_alone():
    torch.manual_seed(7)
    after = torch.rand(1)
    torch.manual_seed(7)
    head = seeded("head", 0, linear)
    assert torch.equal(torch.rand(1), after)  # PyTorch's random state is as it was
    seeded("neck", 0, lambda: nn.Linear(9, 9))  # another module between
    assert torch.equal(seeded("head", 0, linear).weight, head.weight)
    assert not torch.equal(seeded("neck", 0, linear).weight, head.weight)
    assert not torch.equal(seeded("head", 1, linear).weight, head.weight)


def test_frozen_statistics_stay_in_training_and_scale_learns():
    for norm in (nn.BatchNorm2d(3), timm.layers.BatchNormAct2d(3), nn.BatchNorm1d(3)):
        model = freeze_batch_norm(freeze_batch_norm(nn.Sequential(norm)))
        assert len(norm._forward_pre_hooks) == 1
        for net in (model, deepcopy(model), pickle.loads(pickle.dumps(model))):
            layer, before = net[0], deepcopy(net[0].state_dict())
            x = torch.randn(8, 3, 5, 5) * 3 + 2 if norm.running_mean.numel() else None
            x = x.flatten(1)[:, :3] if isinstance(layer, nn.BatchNorm1d) else x
            expected = net.eval()(x)
            found = net.train()(x)
            assert torch.equal(found, expected)
            found.square().sum().backward()
            assert layer.weight.grad.abs().sum() > 0
            assert all(torch.equal(before[key], value) for key, value in layer.state_dict().items())


def test_without_freezing_the_statistics_move():
    norm = nn.BatchNorm2d(3)
    norm.train()(torch.randn(8, 3, 5, 5) + 2)
    assert norm.running_mean.abs().sum() > 0
