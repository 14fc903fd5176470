"""The chapters' networks and losses on a graphics card: forward, loss and gradients, in bfloat16.

A row of `CASES` is a network with its loss. To add one, write a function that takes a chapter's
definitions and returns the modules, as `Run.prepare` gets them, and a function from (modules,
batch) to the loss: a scalar.
"""

from collections.abc import Callable
from types import ModuleType, SimpleNamespace

import fake_cuda
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fashret_utils import chapters
from fashret_utils.data.batches import Batch
from fashret_utils.models import (
    CenterLoss,
    backbones,
    cut,
    feature_maps,
    freeze_batch_norm,
    pyramid,
    seeded,
    trunk,
)
from fashret_utils.models.inception_resnet import InceptionResnetV1
from fashret_utils.models.trunks.scales import keep_size, scales
from fashret_utils.training.acceleration import accelerator, prepare_module

ITEMS, PICTURES, SIDE = 9, 2, 32  # of a batch: items, pictures of each (street, shop)
VALUES = (3, 4)  # of each attribute
Loss = Callable[[list[nn.Module], Batch], torch.Tensor]


def batch(device: str, raw: bool) -> Batch:
    """Pictures of noise, with their truth."""
    generator = torch.Generator().manual_seed(0)
    count = ITEMS * PICTURES
    pixels = torch.randint(0, 256, (count, 3, SIDE, SIDE), generator=generator, dtype=torch.uint8)
    items = torch.arange(ITEMS).repeat_interleave(PICTURES)
    codes = torch.stack([items % n for n in VALUES], 1).to(torch.int16)
    codes[0] = -1  # unknown
    domains, rows = torch.arange(count) % PICTURES, torch.arange(count)
    images = pixels if raw else pixels.float() / 128 - 1
    return Batch(*(x.to(device) for x in (images, items, domains, codes, rows)))


def small(levels=None) -> nn.Module:
    model = backbones.small(8, 8)
    return model if levels is None else feature_maps(model, levels, last_stride=1)


def behind(stem: nn.Module, model: nn.Module) -> nn.Module:
    """A stem and what follows it, as one module that takes pictures."""
    return nn.Sequential(stem, model)


def linear_head(opening: ModuleType) -> tuple[list[nn.Module], Loss]:
    stem = pyramid(trunk("lite0", pretrained=False), pool=True)
    model = behind(stem, opening.LinearHead([40, 112, 320], 8, seed=0))
    return [model], lambda modules, batch: _of_pairs(opening, modules[0](batch.images))


def trained_tail(opening: ModuleType) -> tuple[list[nn.Module], Loss]:
    stem, tail = cut(trunk("lite0", pretrained=False), after=10)
    model = behind(stem, opening.TrainedTail(tail, 1280, 8, seed=0))
    return [model], lambda modules, batch: _of_pairs(opening, modules[0](batch.images))


def _of_pairs(opening: ModuleType, embeddings: torch.Tensor) -> torch.Tensor:
    return opening.info_nce(embeddings[::PICTURES], embeddings[1::PICTURES], 0.07)


def dml(**settings: object):
    def make(chapter: ModuleType) -> tuple[list[nn.Module], Loss]:
        criterion = chapter.make_criterion(ITEMS, 8, **settings)

        def loss(modules: list[nn.Module], batch: Batch) -> torch.Tensor:
            return modules[1](modules[0](batch.images), batch.items, batch.domains)

        return [small(), criterion], loss

    return make


def mmfl(arm: str):
    def make(chapter: ModuleType) -> tuple[list[nn.Module], Loss]:
        settings = chapter.choose([])[arm]
        stem, tail = scales(keep_size(trunk("lite0", pretrained=False)), after=14)
        net = chapter.MMFLNet(freeze_batch_norm(tail), 90, chapter.SHAPES[settings["network"]])
        criterion = chapter.make_criterion(net.lengths, ITEMS, list(VALUES), **settings)

        def loss(modules: list[nn.Module], batch: Batch) -> torch.Tensor:
            truth = batch.items, batch.domains, batch.attributes.long()
            return sum(modules[1](modules[0](batch.images), *truth).values())

        return [behind(stem, net), criterion], loss

    return make


def converter(encoder: str):
    def make(chapter: ModuleType) -> tuple[list[nn.Module], Loss]:
        settings = chapter.choose([])["gan"] | {"code": 8, "encoder": encoder}
        plan = {"size": SIDE, "gan_width": 1 / 16, "judge_width": 1 / 16}
        networks, _ = chapter.make_gan(settings, plan, 0)
        names = ("converter", "real", "domain")

        def loss(modules: list[nn.Module], batch: Batch) -> torch.Tensor:
            nets = dict(zip(names, modules, strict=True))
            source, target = chapter.flipped(chapter.signed(batch.images))
            inferred = nets["converter"](source)
            given = {"target": target, "irrelevant": target.roll(1, 0)}
            given["inferred"] = inferred.detach()
            draws = chapter.drawn(settings)
            losses = [chapter.judge_losses(nets, n, source, given, draws) for n in names[1:]]
            said = [nets["real"](inferred), nets["domain"](inferred, source)]
            return sum(losses) + chapter.converter_loss(said) + F.mse_loss(inferred, target)

        return [networks[name] for name in names], loss

    return make


def matcher(chapter: ModuleType) -> tuple[list[nn.Module], Loss]:
    stem = cut(trunk("lite0", pretrained=False), after=chapter.CUT)[0]
    model, joint = chapter.Matcher(8, 0, pretrained=False), chapter.Joint(ITEMS, 8)
    parts = lambda modules, batch: modules[1](modules[0](batch.images), batch.items)  # noqa: E731
    model = behind(stem, model)
    return [model, joint], lambda modules, batch: sum(parts(modules, batch).values())


def faces(chapter: ModuleType) -> tuple[list[nn.Module], Loss]:
    model, joint = chapter.FaceMatcher(8, 0), chapter.Joint(ITEMS, 8)
    model.net = InceptionResnetV1(8, 0.1, first_stride=1, blocks=(1, 1, 1), dropout=0.2)
    side = (40, 40)  # the smallest that it takes

    def loss(modules: list[nn.Module], batch: Batch) -> torch.Tensor:
        pictures = F.interpolate(batch.images.float(), size=side).round()
        return sum(modules[1](modules[0](pictures), batch.items).values())

    return [model, joint], loss


def mtv(chapter: ModuleType) -> tuple[list[nn.Module], Loss]:
    stem, tail = cut(trunk("lite0", pretrained=False), after=10)
    triplets = ITEMS // 3  # with bags of 3 views
    net = chapter.MultiTaskNet(tail, chapter.AttributeHead(1280, VALUES, 16))

    def loss(modules: list[nn.Module], batch: Batch) -> torch.Tensor:
        embedded, logits = modules[1](modules[0](batch.images), triplets)
        *three, bag = chapter.split_batch(embedded, triplets)
        codes = batch.attributes[:triplets]
        weights = [chapter.class_weights(c, n) for c, n in zip(codes.T, VALUES, strict=True)]
        attributes = chapter.attribute_loss(logits, codes, weights)
        return chapter.ratio_triplet_loss(*three) + chapter.view_invariance_loss(bag) + attributes

    return [stem, net], loss


def gsn(loss_name: str, **settings: object):
    def make(chapter: ModuleType) -> tuple[list[nn.Module], Loss]:
        net = small()
        features = nn.Sequential(net.stem, net.stages)
        search = chapter.GridSearchNetwork(features, net.embedding.in_features, 8, seed=0)

        def loss(modules: list[nn.Module], batch: Batch) -> torch.Tensor:
            images, items = batch.images[:15], batch.items[:15].unflatten(0, (3, 5))
            query, cells = chapter.embed_searches(modules[0], images, 4, settings["on"])
            return modules[1](query, cells, items[:, 0], items[:, 1:])

        return [search, chapter.SearchLoss(loss_name, **settings)], loss

    return make


def checked(name: str, **told: object):
    """An arm of chapter 06 as it starts, without what it learns from pictures beforehand."""

    def make(chapter: ModuleType) -> tuple[list[nn.Module], Loss]:
        stem, last = scales(trunk("lite0", pretrained=False), after=10, levels=(5,))
        model = chapter.Embedder(last.tail, last.channels[0], 8, 0)
        arm = getattr(chapter, name)(model, told["criterion"](chapter), rows_of_a_batch())
        count = {"OfGrids": 8}.get(name, ITEMS) * PICTURES  # grids of 2 x 2

        def loss(modules: list[nn.Module], batch: Batch) -> torch.Tensor:
            every = (batch.images, batch.items, batch.domains, batch.attributes, batch.rows)
            return modules[1](modules[0](batch.images)[:count], Batch(*(x[:count] for x in every)))

        return [stem, arm], loss

    return make


def rows_of_a_batch() -> SimpleNamespace:
    return SimpleNamespace(item=np.arange(ITEMS), n_items=ITEMS)


# (chapter, network and loss): how to make them, whether pictures come as bytes
CASES = {
    ("00_street_to_shop", "linear head"): (linear_head, True),
    ("00_street_to_shop", "tail"): (trained_tail, True),
    ("01_dml", "pairs"): (dml(loss="pair"), False),
    ("01_dml", "pairs, hard"): (dml(loss="pair", negatives=2, bias=True), False),
    ("01_dml", "items"): (
        dml(loss="two-margin", positive_margin=0.1, negative_margin=0.35),
        False,
    ),
    ("01_dml", "arcface"): (dml(loss="arcface", margin=11.5, scale=15.0), False),
    ("01_dml", "triplet"): (dml(loss="triplet", margin=0.1), False),
    ("01_dml", "contrastive"): (dml(loss="contrastive", neg_margin=0.5, pos_margin=0), False),
    ("01_dml", "infonce"): (dml(loss="infonce", temperature=0.1), False),
    ("02_mmfl_net", "whole"): (mmfl("mmfl"), True),
    ("02_mmfl_net", "cosface"): (mmfl("cosface"), True),
    ("03_poshaknet", "converter"): (converter("own"), False),
    ("03_poshaknet", "frozen encoder"): (converter("trunk"), False),
    ("03_poshaknet", "matcher"): (matcher, True),
    ("03_poshaknet", "face network"): (faces, True),
    ("04_mtv_cnn", "triplets"): (mtv, True),
    ("05_gsn_rl", "grid"): (gsn("double_margin", on="grid", high=0.8, low=0.0), False),
    ("05_gsn_rl", "cells"): (gsn("bce", on="cells", scale=10.0), False),
    ("05_gsn_rl", "infonce"): (gsn("infonce", on="batch", temperature=0.1), False),
    ("06_reality_check", "softmax and centres"): (
        checked("Arm", criterion=lambda chapter: chapter.SoftmaxAndCenter(ITEMS, 8, 0.1, 0)),
        True,
    ),
    ("06_reality_check", "grids"): (
        checked(
            "OfGrids",
            criterion=lambda chapter: chapter.gsn.SearchLoss(
                "double_margin", "grid", high=0.8, low=0.0
            ),
        ),
        True,
    ),
}
# They ask for a number that a card without numbers does not have.
ASK = {
    ("01_dml", "pairs"),
    ("01_dml", "pairs, hard"),
    ("01_dml", "items"),
    ("01_dml", "arcface"),
    ("01_dml", "triplet"),
    ("01_dml", "contrastive"),
    ("01_dml", "infonce"),
    ("02_mmfl_net", "whole"),
    ("02_mmfl_net", "cosface"),
    ("04_mtv_cnn", "triplets"),
}
named = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}, {case[1]}")


def made(case: tuple[str, str]) -> tuple[list[nn.Module], Loss]:
    make, _ = CASES[case]
    kept: list[Loss] = []

    def build() -> nn.ModuleList:
        modules, loss = make(chapters.definitions(case[0]))
        kept.append(loss)
        return nn.ModuleList(modules)

    modules = list(seeded("case", 0, build))
    for module in modules:
        module.train()
    return modules, kept[0]


def stepped(case: tuple[str, str], device: str) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The loss of a step and its gradients, prepared as `Run` does."""
    modules, loss = made(case)
    if device == "cuda":
        runs_on = accelerator(device)
        modules = [prepare_module(runs_on, module, compile=False) for module in modules]
    torch.manual_seed(0)
    value = loss(modules, batch(device, CASES[case][1]))
    value.backward()
    learnt = [p for module in modules for p in module.parameters() if p.requires_grad]
    return value.detach(), [p.grad for p in learnt if p.grad is not None]


@named
def test_a_step_on_the_card(card, case):
    value, gradients = stepped(case, "cuda")
    assert (value.device.type, value.dtype, value.dim()) == ("cuda", torch.float32, 0)
    assert {gradient.device.type for gradient in gradients} == {"cuda"}
    assert {gradient.dtype for gradient in gradients} == {torch.float32}
    assert all(gradient.isfinite().all() for gradient in gradients)
    here, theirs = stepped(case, "cpu")
    assert len(gradients) == len(theirs)
    # bfloat16 has eight bits, and batch normalisation of so few pictures enlarges an error
    assert float(value) == pytest.approx(float(here), rel=0.1, abs=0.05)


@named
def test_shapes_and_types_by_cudas_own_casts(case):
    if case in ASK:
        pytest.skip("asks for numbers")
    modules, loss = made(case)
    with fake_cuda.shapes():
        for module in modules:
            module.to("cuda")
        given = batch("cuda", CASES[case][1])
        with torch.autocast("cuda", torch.bfloat16):
            value = loss(modules, given)
        assert (value.device.type, value.dtype, value.dim()) == ("cuda", torch.float32, 0)


def test_a_constant_that_stays_behind_is_seen_in_any_chapter(card, monkeypatch):
    forgot = lambda self, features, items: features @ torch.ones(features.shape[1])  # noqa: E731
    monkeypatch.setattr(CenterLoss, "forward", forgot)
    for case in (("02_mmfl_net", "whole"), ("03_poshaknet", "matcher")):
        with pytest.raises(RuntimeError, match="same device"):
            stepped(case, "cuda")


def test_every_chapter_is_here():
    assert {chapter for chapter, _ in CASES} == set(chapters.names())
