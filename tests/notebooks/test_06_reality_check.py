"""Chapter 06: one protocol for all arms, and the statistics that compare them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn import functional as F

from fashret_utils import chapters
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.evidence import records

check = chapters.definitions("06_reality_check")
SMOKE = check.budget("smoke")


@pytest.fixture(scope="module")
def garments():
    return check.load_data("wardrobe-garments", "smoke").where(split="train")


@pytest.fixture(scope="module")
def shoes():
    return check.load_data("wardrobe-shoes", "smoke").where(split="train")


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    folder = tmp_path_factory.mktemp("check")
    patch = pytest.MonkeyPatch()
    patch.setattr(check, "cache_folder", lambda: folder / "kept")
    names = {"scale": "smoke", "device": "cpu", "data_root": "", "progress": False}
    yield names | {"results": folder / "results"}
    patch.undo()


def module_of(arm, rows, seed=0, scale="smoke"):
    model, levels = check.trunk(scale, seed)
    settings = check.choose([])[arm]
    return check.build(arm, settings, model, levels, rows, check.budget(scale), "cpu"), model


# The protocol


def test_every_arm_has_the_same_tuning_budget_and_every_method_a_control():
    counts = {arm: len(settings) for arm, settings in check.TRIALS.items()}
    assert set(counts.values()) == {4}
    assert set(check.PAPERS) == set(check.TRIALS) - set(check.PLAIN) - {
        "softmax_center",
        "strong_baseline",
    }
    assert set(check.PAPERS.values()) <= set(check.TRIALS)
    for settings in check.TRIALS.values():
        assert sorted(s["rate"] for s in settings) == [1e-3, 1e-3, 4e-3, 4e-3]
        assert len({tuple(sorted(map(str, s.items()))) for s in settings}) == 4


@pytest.mark.parametrize("arm", check.TRIALS)
def test_arms_see_equal_pictures_from_an_equal_start(arm, garments):
    module, model = module_of(arm, garments)
    start = check.trunk("smoke", 0)[0].state_dict()
    for name, value in model.state_dict().items():
        # building an arm looks at the training pictures, and changes no weight of the trunk
        assert torch.equal(value, start[name]), name
    batch = check.batches_of(arm, garments, SMOKE, "cpu", 0).at(0)
    assert len(batch) == pytest.approx(SMOKE["pictures"], rel=0.2)
    loss = module(batch)
    assert loss.shape == ()
    loss.backward()
    learnt = [p for p in module.model.parameters() if p.grad is not None]
    assert sum(p.grad.abs().sum() for p in learnt) > 0


def test_at_quick_arms_differ_by_four_pictures_a_step_at_most():
    rows = check.load_data("wardrobe-garments", "smoke").where(split="train")
    plan = check.budget("quick")
    many = replace(rows, name="many", item=rows.item)  # 32 items
    sizes = {arm: check.shape_of(arm, many, plan) for arm in check.TRIALS}
    assert plan["pictures"] == 96
    for arm, shape in sizes.items():
        each = 6 if arm == "mtv_cnn" else shape["pictures"]
        wanted = min(plan["pictures"] // each, rows.n_items)
        assert shape["items"] == wanted, arm


@pytest.mark.parametrize("arm", check.TRIALS)
def test_every_arm_trains_and_records(arm, where):
    settings = check.choose([])[arm]
    _, found, vectors = check.train_arm("wardrobe-garments", arm, settings, 0, where)
    kept = records.read(
        records.path_of(where["results"], check.CHAPTER, "wardrobe-garments", arm, "smoke", 0)
    )
    assert kept.extra["settings"] == settings
    assert kept.cost["steps"] == SMOKE["steps"]
    assert np.isfinite(kept.curve["loss"]).all()
    hits = check.unpacked(kept)
    assert hits.mean() == pytest.approx(kept.metrics["hit@1"])
    assert np.array_equal(hits, found.per_query["hit@1"] > 0)
    length = vectors[1].shape[1] - 2 * (arm == "mtv_cnn")  # two coordinates of no content
    assert length == (126 if arm == "mmfl" else 128)
    assert kept.extra["embedding_bytes"] == 4 * length
    assert ("converter_seconds" in kept.extra) == (arm == "poshaknet")


def test_a_run_repeats_to_the_last_bit(where, tmp_path):
    settings = check.choose([])["mtv_cnn"]
    job = ("wardrobe-garments", "mtv_cnn", settings, 1)
    first = check.train_arm(*job, where | {"results": tmp_path / "a"})[2]
    second = check.train_arm(*job, where | {"results": tmp_path / "b"})[2]
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


# The arms are what their chapters say


def test_triplets_have_the_objective_of_chapter_04(shoes):
    plan = SMOKE | {"pictures": 48}  # eight triplets, as chapter 04 has
    model, levels = check.trunk("smoke", 0)
    settings = check.TRIALS["mtv_cnn"][0]
    module = check.build("mtv_cnn", settings, model, levels, shoes, plan, "cpu").eval()
    batch = check.batches_of("mtv_cnn", shoes, plan, "cpu", 0).at(0)
    theirs = {"loss": "ratio", "alpha_v": settings["alpha_v"], "beta_a": settings["beta_a"]}
    for weights in (None, module.truth.weights):
        module.weights = weights
        with torch.no_grad():
            ours = module(batch)
            embedded = module.model(batch.images)
            logits = module.head(embedded[: module.triplets])
            given = (embedded, logits, batch, module.truth, theirs, module.triplets, weights)
            terms = check.mtv.objective(*given)
            torch.testing.assert_close(ours, sum(terms.values()))


def test_grades_need_graded_attributes(garments, shoes):
    assert module_of("mtv_cnn", shoes)[0].settings["weights"] == "mean"
    assert module_of("mtv_cnn", garments)[0].settings["weights"] == "equal"


def test_second_stages_begin_when_they_should(garments):
    plan = SMOKE | {"steps": 12}
    module, _ = module_of("mtv_cnn", garments)
    batches = check.batches_of("mtv_cnn", garments, plan, "cpu", 0)
    for step in range(1, 13):
        check.later("mtv_cnn", module, batches, garments, plan, step, "cpu")
        assert (batches.sampler.pool is not None) == (step >= 4)
    module, _ = module_of("gsn", garments)
    searches = check.batches_of("gsn", garments, plan, "cpu", 0)
    check.later("gsn", module, searches, garments, plan, 5, "cpu")
    assert searches.sampler.hard is None
    check.later("gsn", module, searches, garments, plan, 6, "cpu")
    row = next(iter(searches.sampler.hard))
    assert (garments.item[searches.sampler.hard[row]] != garments.item[row]).all()


def test_softmax_and_centre_is_the_sum_of_its_parts():
    torch.manual_seed(0)
    loss = check.SoftmaxAndCenter(5, 8, center=0.3)
    x, items = torch.randn(6, 8), torch.arange(6) % 5
    centres = loss.loss.center.centers.clone()
    softmax = F.cross_entropy(loss.loss.softmax(x), items)
    centre = 0.3 * (x - centres[items]).square().sum(1).mean() / 2
    torch.testing.assert_close(loss(x, items, None), softmax + centre)


def test_drawn_rows_change_street_pictures_alone(garments):
    plan = SMOKE | {"gan_width": 1 / 32}
    converter = check.poshak.make_gan(check.poshak.GAN, plan, 0)[0]["converter"]
    shown = check.drawn(garments, 32, converter)
    before, after = garments.pixels(32), shown.pixels(32)
    shop, street = (garments.domain == side for side in (SHOP, STREET))
    assert np.array_equal(before[shop], after[shop])
    assert np.array_equal(after[street], check.poshak.generate(converter, before[street]))
    assert np.array_equal(shown.item, garments.item)
    some = shown.take(np.flatnonzero(street)[[3, 1]])
    assert np.array_equal(some.pixels(32), after[street][[3, 1]])


def test_class_weights_start_at_the_means_of_their_items(garments):
    module, model = module_of("softmax_center", garments)
    embedded = check.retrieval.embed(model, garments, SMOKE["size"])
    item = garments.item[0]
    mean = F.normalize(torch.from_numpy(embedded[garments.item == item].sum(0)), dim=0)
    place = int(np.searchsorted(np.unique(garments.item), item))
    weight = module.criterion.loss.softmax.weight[place].detach()
    torch.testing.assert_close(weight, mean, atol=1e-5, rtol=1e-5)


# Statistics


def record_of(bits, seed=0):
    digits = np.packbits(np.array(bits, bool)).tobytes().hex()
    about = {"chapter": "c", "data": "d", "arm": "a", "scale": "smoke", "seed": seed}
    counts = {"n_query": len(bits)}
    return records.Record(
        **about, metrics={}, intervals={}, counts=counts, extra={"hits@1": digits}
    )


def test_hits_survive_packing():
    bits = np.random.default_rng(0).random(21) < 0.5
    assert np.array_equal(check.unpacked(record_of(bits)), bits)


def test_a_difference_is_paired_by_query_and_by_seed():
    random = np.random.default_rng(0)
    a = random.random((3, 400)) < 0.5
    same = [record_of(x) for x in a]
    assert check.difference(same, same) == (0.0,) * 5
    b = a.copy()
    b[:, :40] = False
    lost = [a[s, :40].sum() / 4 for s in range(3)]  # in points
    value, low, high, low_seeds, high_seeds = check.difference(same, [record_of(x) for x in b])
    assert value == pytest.approx(np.mean(lost))
    half = 4.302653 * np.std(lost, ddof=1) / np.sqrt(3)  # t, two degrees of freedom
    assert (low_seeds, high_seeds) == pytest.approx((value - half, value + half), abs=1e-4)
    by_query = 100 * (a.mean(0) - b.mean(0))
    error = by_query.std() / np.sqrt(400)
    assert (low, high) == pytest.approx((value - 1.96 * error, value + 1.96 * error), rel=0.1)
    assert np.isnan(check.difference(same[:1], same[1:2])[3:]).all()


def test_ranks_and_friedman_by_hand():
    scores = pd.DataFrame({"a": [3.0, 9, 5, 7], "b": [2.0, 8, 4, 6], "c": [1.0, 8, 3, 5]})
    ranks, p = check.mean_ranks(scores)
    assert ranks.to_dict() == {"a": 1.0, "b": 2.125, "c": 2.875}
    assert list(ranks.index) == ["a", "b", "c"]
    # 12 / (N k (k + 1)) sum R^2 - 3 N (k + 1), and the correction for one tie of two
    sums = 4 * ranks.to_numpy()
    statistic = (12 / (4 * 3 * 4) * (sums**2).sum() - 3 * 4 * 4) / (1 - 6 / (4 * 3 * 8))
    assert p == pytest.approx(check.stats.chi2.sf(statistic, 2))


@pytest.mark.parametrize(("arms", "q"), [(2, 1.960), (5, 2.728), (10, 3.164)])
def test_critical_difference_has_the_published_quantiles(arms, q):
    wanted = q * np.sqrt(arms * (arms + 1) / (6 * 30))
    assert check.critical_difference(arms, 30) == pytest.approx(wanted, rel=1e-3)


def test_settings_are_chosen_on_validation():
    made = [
        replace(record_of([1]), arm=check.trial("gsn", i), extra={"val_map": score})
        for i, score in enumerate((0.1, 0.4, 0.3, 0.2))
    ]
    chosen = check.choose(made)
    assert chosen["gsn"] == check.TRIALS["gsn"][1]
    assert chosen["dml"] == check.TRIALS["dml"][0]  # without trials the first
