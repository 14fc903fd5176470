"""Chapter 00's definitions, imported through the same door as any other chapter's."""

import numpy as np
import pytest
import torch
from pytorch_metric_learning.losses import NTXentLoss
from torch.nn import functional as F

from fashret_utils import chapters
from fashret_utils.evidence import records
from fashret_utils.evidence.records import Record
from fashret_utils.training import Job

CHAPTER = chapters.definitions("00_street_to_shop")


def by_loop(street, shop, temperature):
    """Equation (eq-00-infonce) item by item, in both directions."""
    a, b = F.normalize(street), F.normalize(shop)
    losses = []
    for own, other in ((a, b), (b, a)):
        for i in range(len(own)):
            scores = torch.stack([own[i] @ other[j] for j in range(len(other))]) / temperature
            losses.append(scores.exp().sum().log() - scores[i])
    return torch.stack(losses).mean()


@pytest.mark.parametrize("temperature", [0.07, 0.5])
def test_the_loss_is_the_equation_and_the_librarys_in_value_and_gradient(temperature):
    generator = torch.Generator().manual_seed(1)
    street, shop = torch.randn(2, 7, 6, generator=generator, dtype=torch.float64)
    street.requires_grad_()
    items, same = torch.arange(7), torch.arange(7)

    def library(a, b, temperature):
        loss = NTXentLoss(temperature=temperature)
        there = loss(a, items, ref_emb=b, ref_labels=same)
        return (there + loss(b, items, ref_emb=a, ref_labels=same)) / 2

    values = [loss(street, shop, temperature) for loss in (CHAPTER.info_nce, by_loop, library)]
    gradients = [torch.autograd.grad(value, street)[0] for value in values]
    for value, gradient in zip(values[1:], gradients[1:], strict=True):
        assert values[0].item() == pytest.approx(value.item(), abs=1e-9)
        torch.testing.assert_close(gradients[0], gradient, atol=1e-9, rtol=0)


def test_angles_become_unit_vectors():
    expected = [[1, 0], [0, 1], [-1, 0], [np.sqrt(0.5), -np.sqrt(0.5)]]
    np.testing.assert_allclose(CHAPTER.on_the_circle([0, 90, 180, -45]), expected, atol=1e-7)


def test_levels_stand_side_by_side_each_of_length_one():
    vectors = [torch.rand(3, width) for width in (4, 6, 5)]
    whole = CHAPTER.Levels((0, 1, 2))(vectors)
    assert whole.shape == (3, 15)
    for part in whole.split((4, 6, 5), dim=1):
        torch.testing.assert_close(part.norm(dim=1), torch.ones(3))
    torch.testing.assert_close(CHAPTER.Levels((1,))(vectors), whole[:, 4:10])


def test_the_tail_goes_on_where_imagenet_left_it():
    stem, model = CHAPTER.build("tail", seed=3)
    pictures = torch.randint(0, 256, (2, 3, 96, 96), dtype=torch.uint8)
    whole = CHAPTER.trunk("lite0").eval()
    with torch.no_grad():
        torch.testing.assert_close(model.eval().tail(stem(pictures)), whole(pictures))
    assert not any(p.requires_grad for p in stem.parameters())
    before = {name: value.clone() for name, value in model.tail.named_buffers()}
    model.train()(stem(pictures)).sum().backward()
    for name, value in model.tail.named_buffers():
        assert torch.equal(value, before[name]), f"{name}: batch statistics stay as they were"
    assert all(p.grad is not None for p in model.parameters())


def test_modules_start_from_their_names_and_the_seed_alone():
    heads = [CHAPTER.build("linear-head", seed)[1].head.weight for seed in (0, 0, 1)]
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])


def test_a_trial_has_half_the_steps_and_folds_have_their_own():
    full = CHAPTER.BUDGET["full"]
    kinds = {"linear-head": "head_steps", "last-head": "head_steps", "tail": "steps"}
    for arm, kind in kinds.items():
        steps = {
            (data, name): CHAPTER.sizes(arm, data, "full", name)["steps"]
            for data in ("wardrobe-garments", "shop-views-in-shop")
            for name in (arm, f"trial,{arm},0")
        }
        assert list(steps.values()) == [
            full[kind],
            full[kind] // 2,
            full[f"fold_{kind}"],
            full[f"fold_{kind}"] // 2,
        ]
    short = CHAPTER.sizes("tail", "wardrobe-garments", "full", "short,no-light")
    assert short["steps"] == full["short_steps"] < full["steps"]


def record(arm, val_map=0.5):
    extra = {"settings": {}, "val_map": val_map}
    about = {"chapter": "00_street_to_shop", "data": "wardrobe-garments", "scale": "full"}
    return Record(**about, arm=arm, seed=0, metrics={}, intervals={}, counts={}, extra=extra)


def all_trials(jobs, marks):
    """Records of the trials among jobs; those in `marks` have another validation mAP."""
    tried = [job for job in jobs if job.arm.startswith("trial,")]
    return [record(job.arm, marks.get(job.arm, 0.5)) for job in tried]


def test_the_plan_tries_first_and_then_runs_what_did_best_on_validation(monkeypatch):
    monkeypatch.setattr(CHAPTER, "present", lambda *_: True)
    first, full = CHAPTER.plan("full", []), CHAPTER.preset(CHAPTER.BUDGET, "full")
    assert {job.stage for job in first} == {0}
    kinds = (1 + full["folds"]) * len(CHAPTER.ARMS)
    marks = {"trial,tail,3": 0.9, "trial,linear-head,0": 0.8, "trial,in-shop2,tail,1": 0.7}
    found = all_trials(first, marks)
    assert len(found) == kinds * len(CHAPTER.RATES)
    later = [job for job in CHAPTER.plan("full", found) if job.stage == 1]
    assert len(later) == full["seeds"] * len(CHAPTER.DATA) * len(CHAPTER.ARMS)
    by_chance = [(job.data, job.seed) for job in first if job.arm == "random-trunk"]
    assert sorted(by_chance) == sorted((d, s) for d in CHAPTER.DATA for s in range(full["seeds"]))
    chosen = {(job.data, job.arm): job.settings for job in later}
    for data in {*CHAPTER.DATA} - {CHAPTER.IN_SHOP}:
        assert chosen[data, "tail"] == {"rate": 3e-3}
        assert chosen[data, "linear-head"] == {"rate": 1e-4}
    rates = chosen[CHAPTER.IN_SHOP, "tail"]["rates"]
    assert len(rates) == full["folds"]
    assert rates[2] == 3e-4
    assert set(rates[:2] + rates[3:]) == {1e-4}


def test_without_photos_the_plan_does_not_wait_for_them(monkeypatch):
    monkeypatch.setattr(CHAPTER, "present", lambda data, *_: data == CHAPTER.GARMENTS)
    first = CHAPTER.plan("full", [])
    later = CHAPTER.plan("full", all_trials(first, {}))
    assert {job.data for job in later} == {CHAPTER.GARMENTS}
    assert {job.stage for job in later} == {0, 1, 2}


def test_a_cause_is_left_out_of_training_and_not_of_validation_and_test(tmp_path, monkeypatch):
    where = {"scale": "smoke", "device": "cpu", "results": str(tmp_path), "data_root": ""}
    where |= {"progress": False, "checkpoints": None}
    seen = {}
    fit = CHAPTER.fit

    def watched(run, model, data, *settings, asked):
        seen.update(learnt=data.catalog, validation=asked.catalog)
        return fit(run, model, data, *settings, asked=asked)

    monkeypatch.setattr(CHAPTER, "fit", watched)
    _, model, found = CHAPTER.do_trained(
        "wardrobe-garments", "tail", 0, {"rate": 1e-3}, where, name="short,no-light"
    )
    garments, without = (
        CHAPTER.load_data("wardrobe-garments", "smoke", **knobs)
        for knobs in ({}, {"factors": {"light": 0.0}})
    )
    (made,) = records.load(tmp_path, data="wardrobe-garments")
    assert made.catalog_hash == seen["learnt"].hash == without.hash
    assert seen["validation"].hash == garments.hash != without.hash
    stem = CHAPTER.build("tail", 0)[0]
    expected = CHAPTER.Bench(garments, stem).embed(model, garments.where(split="query"))
    np.testing.assert_array_equal(found["wardrobe-garments"].query, expected)


def test_leaving_causes_out_comes_last_and_at_the_rate_of_the_tail(monkeypatch):
    monkeypatch.setattr(CHAPTER, "present", lambda *_: True)
    found = all_trials(CHAPTER.plan("full", []), {"trial,tail,2": 0.9})
    last = [job for job in CHAPTER.plan("full", found) if job.stage == 2]
    assert {job.arm for job in last} == {*CHAPTER.LEFT_OUT}
    assert all(job.settings == CHAPTER.RATES[2] for job in last)


def test_the_head_of_the_last_map_starts_as_that_of_the_tail():
    (stem, tail), (last, head) = (CHAPTER.build(arm, 3) for arm in ("tail", "last-head"))
    pictures = torch.randint(0, 256, (2, 3, 96, 96), dtype=torch.uint8)
    with torch.no_grad():
        torch.testing.assert_close(head(last(pictures)), tail.eval()(stem(pictures)))


def test_a_trial_writes_validation_numbers_and_none_of_the_test(tmp_path):
    where = {"scale": "smoke", "device": "cpu", "results": str(tmp_path), "data_root": ""}
    where |= {"progress": False, "checkpoints": None}
    job = Job("wardrobe-garments", "trial,linear-head,1", 0, {"rate": 3e-3})
    CHAPTER.do(job, where)
    (made,) = records.load(tmp_path)
    assert made.metrics == {}
    assert made.per_query is None
    assert 0 < made.extra["val_map"] <= 1
    assert made.curve["val_map"][-1] == pytest.approx(made.extra["val_map"], abs=0.5)
