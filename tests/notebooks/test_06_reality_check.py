"""Chapter 06: one protocol for all arms, each of which is what its chapter says."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from tried import all_tried

from fashret_utils import chapters
from fashret_utils.data import SHOP, STREET
from fashret_utils.data.batches import Batch
from fashret_utils.evidence import claims, records
from fashret_utils.training import Bench, Job, TrainingDiverged
from fashret_utils.training.benches.by_distance import ByDistance, features
from fashret_utils.training.benches.drawn import Drawn

check = chapters.definitions("06_reality_check")
SMOKE = check.budget(check.GARMENTS, "smoke")
PLACE = {"seed": 0, "rank": 0, "world": 1}
FLAT = ("infonce", "triplet", "cosface", "one_margin", "dml", "softmax_center", "gsn", "mtv_cnn")


@pytest.fixture(scope="module")
def garments():
    return check.load_data(check.GARMENTS, "smoke")


@pytest.fixture
def where(tmp_path, monkeypatch):
    monkeypatch.setattr(check, "cache_folder", lambda: tmp_path / "kept")
    names = {"scale": "smoke", "device": "cpu", "data_root": "", "progress": False}
    return names | {"results": tmp_path / "results", "checkpoints": None}


def arm_of(name, catalog, seed=0):
    """An arm as it starts, and its bench."""
    stem, model = check.build(name, "smoke", seed)
    data = (ByDistance if name == "mtv_cnn" else Bench)(catalog, stem)
    told = check.choose([])[name]
    return check.make(name, told, model, data, SMOKE, seed), data


# The protocol


def test_every_arm_has_nine_settings_and_every_idea_a_relative():
    for arm, choices in check.grids().items():
        assert len(choices) == 9, arm
        assert len({tuple(sorted(map(str, told.items()))) for told in choices}) == 9
        assert sorted({told["rate"] for told in choices}) == [3e-4, 1e-3, 3e-3]
    assert len(check.FIXED) == 11
    assert {*check.IDEAS, *check.IDEAS.values()} <= {*check.FIXED, "one_margin"}
    assert set(check.OWN) == set(check.FIXED)


def test_without_trials_the_middle_rate_is_taken():
    assert {told["rate"] for told in check.choose([]).values()} == {1e-3}


@pytest.mark.parametrize("name", FLAT)
def test_arms_start_alike_and_learn_from_the_same_pairs(name, garments):
    arm, data = arm_of(name, garments)
    plain, _ = arm_of("infonce", garments)
    torch.testing.assert_close(arm.model.tail.state_dict(), plain.model.tail.state_dict())
    torch.testing.assert_close(arm.model.head.state_dict(), plain.model.head.state_dict())
    batch = check.batches_of(arm, data, SMOKE, PLACE).at(0)
    pairs = check.batches_of(plain, data, SMOKE, PLACE).at(0)
    street = [each.rows[each.domains == STREET] for each in (batch, pairs)]
    assert torch.equal(*street)
    assert len(street[0]) == SMOKE["items"]
    assert len(batch) == SMOKE["items"] * (3 if name == "mtv_cnn" else 2)
    loss = arm(data.stem(batch), batch)
    assert loss.shape == ()
    loss.backward()
    assert arm.model.head.weight.grad.abs().sum() > 0
    groups = check.groups_of(arm, 1e-3)
    grouped = [id(p) for group in groups for p in group["params"]]
    learnt = [p for p in arm.parameters() if p.requires_grad]
    assert sorted(grouped) == sorted(map(id, learnt))
    rates = {id(p): group["lr"] for group in groups for p in group["params"]}
    assert rates[id(arm.model.head.weight)] == pytest.approx(3e-3)
    assert {rates[id(p)] for p in arm.model.tail.parameters() if p.requires_grad} == {1e-3}


@pytest.mark.parametrize("name", ["mmfl", "strong_baseline", "infonce"])
def test_trunk_and_stride_are_the_same_and_its_statistics_stay(name, garments):
    arm, data = arm_of(name, garments)
    batch = check.batches_of(arm, data, SMOKE, PLACE).at(0)
    maps = data.stem(batch)
    branched = name in check.BRANCHED
    scales = arm.model.tail(maps)[-1] if branched else arm.model.tail(maps)
    assert scales.shape[1:] == (320, 3, 3)
    before = {key: value.clone() for key, value in arm.model.tail.named_buffers()}
    arm.train()
    arm(maps, batch).backward()
    for key, value in arm.model.tail.named_buffers():
        assert torch.equal(value, before[key]), key
    embedded = data.embed(arm.model, garments.where(split="val"))
    assert embedded.shape[1] == SMOKE["dim"] == 126


def test_the_start_is_centred_and_of_one_size(garments):
    arm, data = arm_of("triplet", garments)
    batches = data.batches(items=SMOKE["items"], steps=8, seed=0)
    with torch.no_grad():
        found = torch.cat([arm.model(data.stem(batch)) for batch in batches])
    assert found.mean(0).norm() < 1e-4 * found.norm()
    assert found.square().sum(1).mean().sqrt() == pytest.approx(check.mmfl.RADIUS, rel=1e-4)


def test_a_trial_has_half_the_steps_and_groceries_their_own():
    full = check.budget(check.GARMENTS, "full")
    assert check.budget(check.GARMENTS, "full", "trial,gsn,0")["steps"] == full["steps"] // 2
    assert check.budget(check.GARMENTS, "full", "gsn") == full
    assert check.budget(check.GROCERY, "full")["steps"] < full["steps"]
    assert full["items"] % check.grid_side(full["items"]) ** 2 == 0
    assert check.grid_side(full["items"]) == 4


# The arms are what their chapters say


def fed(maps, items, domains, attributes=None):
    zeros = torch.zeros(len(items), 0, dtype=torch.int16)
    attributes = zeros if attributes is None else attributes
    return Batch(maps, items, domains, attributes, torch.arange(len(items)))


class Direct(nn.Module):
    """Stands for a network: what goes in are embeddings, of pictures or of cells."""

    def forward(self, maps):
        return maps


def test_each_query_searches_its_own_grid():
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(16, 5, generator=generator)
    rows = SimpleNamespace(item=np.arange(8))
    loss = check.gsn.SearchLoss("double_margin", "grid", high=0.8, low=0.0)
    arm = check.OfGrids(Direct(), loss, rows)
    found = arm(vectors, fed(vectors, torch.arange(8).repeat_interleave(2), torch.arange(16) % 2))
    street, shop = vectors[::2], vectors[1::2]
    match, other = [], []
    for i in range(8):
        for j in range(4 * (i // 4), 4 * (i // 4) + 4):  # grids of 2 x 2
            cosine = F.cosine_similarity(street[i], shop[j], dim=0)
            (match if i == j else other).append((0.8 - cosine if i == j else cosine).clamp(min=0))
    expected = torch.stack(match).mean() + torch.stack(other).mean()
    torch.testing.assert_close(found, expected)


def test_the_last_block_sees_a_grid_as_one_picture_and_a_cell_is_mostly_itself(garments):
    arm, data = arm_of("gsn", garments)
    batch = check.batches_of(arm, data, SMOKE, PLACE).at(0)
    maps, seen = data.stem(batch), []
    for block in (arm.model.tail[0], arm.model.tail[-1]):
        block.register_forward_hook(lambda _, given, out: seen.append(tuple(given[0].shape[-2:])))
    arm(maps, batch)
    assert seen == [(6, 6), (3, 3), (6, 6), (6, 6)]  # queries, then grids of 2 x 2
    with torch.no_grad():
        alone = arm.model.eval()(maps[:4])
        in_grid = arm.model(maps[:4][None])[0]
        one = arm.model(maps[:4, None])[:, 0]
    torch.testing.assert_close(one, alone)  # a grid of one cell is the picture
    center = alone.mean(0)
    assert F.cosine_similarity(in_grid - center, alone - center).min() > 0.7


@pytest.mark.parametrize("stage", [1, 2])
def test_views_have_the_objective_of_chapter_04(garments, stage):
    arm, data = arm_of("mtv_cnn", garments)
    if stage == 2:
        arm.later(SMOKE["steps"] // 3, SMOKE["steps"], data)
    batch = check.batches_of(arm, data, SMOKE, PLACE).at(0)
    found = arm(data.stem(batch), batch)
    embedded = arm.model(data.stem(batch))
    anchor, own, view = embedded[::3], embedded[1::3], embedded[2::3]
    items = torch.searchsorted(arm.numbers, batch.items)[::3]
    losses = []
    for i in range(len(items)):
        for j in range(len(items)):
            if i != j and arm.allowed[items[i], items[j]]:
                weight = arm.weights[items[i], items[j]]
                three = (x[None] for x in (anchor[i], own[i], own[j]))
                losses.append(check.mtv.ratio_triplet_loss(*three, weight))
    expected = torch.stack(losses).mean()
    expected = expected + 0.05 * (own - view).square().sum(1).mean() / 2
    logits, codes = arm.criterion(anchor), batch.attributes[::3]
    told = logits, codes, arm.truth.class_weights
    expected = expected + 0.05 * check.mtv.attribute_loss(*told)
    torch.testing.assert_close(found, expected)
    if stage == 1:
        assert arm.allowed.sum() == arm.allowed.numel() - len(arm.allowed)
        assert (arm.weights == 1).all()


@pytest.mark.parametrize("data", [check.GARMENTS, check.SHOES])
def test_few_negatives_of_the_second_stage_count_nothing(data):
    rows = check.load_data(data, "quick").where(split="train")
    truth = check.mtv.ItemTruth(rows)
    _, first = np.unique(rows.item, return_index=True)
    twins = rows.family[first][:, None] == rows.family[first]
    np.fill_diagonal(twins, False)
    nothing = (truth.weights == 0).numpy()
    assert nothing[twins].mean() < 0.4
    assert nothing[~twins & ~np.eye(len(twins), dtype=bool)].mean() < 0.01


def test_the_second_stage_keeps_the_nearest_items_and_never_the_own(garments):
    arm, data = arm_of("mtv_cnn", garments)
    arm.later(SMOKE["steps"] // 3 + 1, SMOKE["steps"], data)
    assert (arm.weights == 1).all()
    arm.later(SMOKE["steps"] // 3, SMOKE["steps"], data)
    count = int(0.4 * (len(arm.numbers) - 1))
    assert (arm.allowed.sum(1) == count).all()
    assert not arm.allowed.diagonal().any()
    rows = garments.where(split="train", domain=SHOP)
    seen = torch.from_numpy(features(data, arm.model, rows))
    owner = torch.searchsorted(arm.numbers, torch.from_numpy(rows.item.copy()))
    means = torch.stack([seen[owner == i].mean(0) for i in range(len(arm.numbers))])
    nearest = torch.cdist(means, means).fill_diagonal_(torch.inf).topk(count, largest=False)[1]
    assert arm.allowed.gather(1, nearest).all()
    mean = arm.weights.gather(1, nearest).mean()
    assert mean == pytest.approx(1.0, rel=1e-4)


def test_a_view_is_another_shop_picture_of_the_item(garments):
    arm, data = arm_of("mtv_cnn", garments)
    batches = check.batches_of(arm, data, SMOKE, PLACE)
    for step in range(3):
        rows = batches.sampler.rows(step).reshape(-1, 3)
        item, domain = batches.catalog.item[rows], batches.catalog.domain[rows]
        assert (item == item[:, :1]).all()
        assert (domain == [STREET, SHOP, SHOP]).all()
        assert (rows[:, 1] != rows[:, 2]).all()


def test_softmax_and_centre_is_the_sum_of_its_parts():
    torch.manual_seed(0)
    loss = check.SoftmaxAndCenter(5, 8, 0.3, 0)
    x, items = torch.randn(20, 8), torch.arange(20) % 5
    loss.start(x, items)
    means = torch.stack([x[items == i].mean(0) for i in range(5)])
    torch.testing.assert_close(loss.joint.center.centers, means)
    torch.testing.assert_close(loss.joint.softmax.weight.detach(), F.normalize(means))
    softmax = F.cross_entropy(x @ F.normalize(means).T, items)
    centre = 0.3 * (x - means[items]).square().sum(1).mean() / 2
    torch.testing.assert_close(loss(x, items, None), softmax + centre)


def test_poshaknet_sees_drawings_of_street_pictures_alone(garments):
    class Grey(nn.Module):
        def __init__(self):
            super().__init__()
            self.one = nn.Parameter(torch.ones(()))

        def forward(self, pictures):
            return self.one * pictures.mean(1, keepdim=True).expand_as(pictures)

    stem, model = check.build("poshaknet", "smoke", 0)
    data = Drawn(garments, stem, converters=(Grey(),), side=32)
    told = check.choose([])["poshaknet"]
    arm = check.make("poshaknet", told, model, data, SMOKE, 0)
    plain, _ = arm_of("softmax_center", garments)
    ours, theirs = (F.normalize(each.model.head.weight, dim=1) for each in (arm, plain))
    torch.testing.assert_close(ours, theirs)  # but for size and centre one start
    settled = [
        arm.model(check.drawn_maps(data, batch))
        for batch in data.batches(items=SMOKE["items"], steps=8, seed=0)
    ]
    centre = torch.stack([each.mean(0) for each in settled]).mean(0)
    torch.testing.assert_close(centre, torch.zeros_like(centre), atol=1e-3, rtol=0)
    seen = []
    arm.model.register_forward_hook(lambda _, given, out: seen.append(given[0]))
    batch = check.batches_of(arm, data, SMOKE, PLACE).at(0)
    arm(data.stem(batch), batch)
    street, shop = batch.domains == STREET, batch.domains == SHOP
    assert torch.equal(seen[-1][shop], batch.images[shop])
    rows = garments.where(split="train").take(batch.rows[street].numpy())
    torch.testing.assert_close(seen[-1][street], data.maps(rows))
    assert not torch.allclose(seen[-1][street], batch.images[street])


def test_the_relative_of_poshaknet_sees_photos_as_small_as_its_drawings(garments, where):
    told = check.choose([])["softmax_coarse"]
    _, arm, rows, _ = check.train(check.GARMENTS, "softmax_coarse", told, 0, where)
    assert isinstance(arm, check.OfDrawings)
    some = garments.where(split="query").take(np.arange(3))
    small = rows.drawings(some)
    assert small.shape[-1] == SMOKE["draw"]
    assert np.abs(small.astype(int) - some.pixels(SMOKE["draw"])).max() <= 1  # nothing is drawn


def test_what_a_matcher_learns_from_is_drawn_by_a_generator_that_has_not_seen_it(garments, where):
    runs, quiet = [], where | {"progress": False}
    train = garments.where(split="train")
    for half in (0, 1):
        run, _ = check.train_generator(check.GARMENTS, half, 0, quiet)
        runs.append(run)
    assert {run.arm for run in runs} == {"generator,0", "generator,1"}
    closed = replace(garments, protocol="closed-set")  # the products of its test are known
    query = closed.where(split="query")
    assert (check.drawn_by(query) == 1 - check.half_of(query)).all()
    halves, drawn = check.half_of(train), check.drawn_by(train)
    assert set(halves) == {0, 1}
    assert (drawn != halves).all()
    assert not set(train.family[halves == 0]) & set(train.family[halves == 1])
    assert (check.drawn_by(garments.where(split="query")) == 0).all()


# Runs, trials and the plan


@pytest.mark.parametrize("name", ["gsn", "poshaknet", "mtv_cnn", "mmfl"])
def test_an_arm_is_recorded_query_by_query_with_what_it_cost(name, where):
    settings = check.choose([])[name]
    check.do(Job(check.GARMENTS, name, 0, settings), where)
    made = records.load(where["results"], data=check.GARMENTS, arm=name)
    (kept,) = made
    assert kept.extra["settings"] == records.plain(settings, "settings")
    assert kept.cost["steps"] == SMOKE["steps"]
    assert np.isfinite(kept.curve["loss"]).all()
    assert len(records.per_query(kept, where["results"]).item) == kept.counts["n_query"]
    assert kept.extra["embedding_bytes"] == 4 * 126
    assert (kept.extra["before_seconds"] > 0) == (name == "poshaknet")


def test_a_trial_writes_validation_numbers_and_none_of_the_test(where):
    settings = check.grids()["dml"][0]
    check.do(Job(check.GARMENTS, "trial,dml,0", 1, settings), where)
    (made,) = records.load(where["results"])
    assert made.metrics == {}
    assert made.per_query is None
    assert 0 < made.extra["val_map"] <= 1
    assert made.cost["steps"] == SMOKE["steps"] // 2


def test_a_run_repeats_to_the_last_bit_also_with_a_generator(where, tmp_path):
    settings, found = check.choose([])["poshaknet"], []
    for name in ("a", "b"):  # the second takes the generator that the first has kept
        job = check.GARMENTS, "poshaknet", settings, 1
        found.append(check.train_arm(*job, where | {"results": tmp_path / name})[3])
    first, second = (each[check.GARMENTS] for each in found)
    assert np.array_equal(first.query, second.query)
    assert np.array_equal(first.gallery, second.gallery)


def test_settings_are_chosen_on_validation_and_a_grid_goes_on_beyond_its_edge():
    tried = []
    for _ in range(3):  # the last setting is best, so the largest rate and number
        tried = all_tried(check.rounds(tried))
    first, second, third = check.rounds(tried)
    for arm, choices in third.items():
        name, values = check.OWN[arm]
        assert len(first[arm]) == 9
        assert choices[:10] == second[arm]
        assert choices[:9] == first[arm]
        assert [told["rate"] for told in choices[9:]] == pytest.approx([9e-3, 9e-3])
        assert choices[10][name] == pytest.approx(values[2] ** 2 / values[1])
    chosen = check.choose(tried)
    assert {arm: chosen[arm] for arm in third} == {a: made[-1] for a, made in third.items()}
    worse = [replace(r, extra={"val_map": 0.0}) if r.arm[-2:] in (",9", "10") else r for r in tried]
    chosen = check.choose(worse)
    assert {arm: chosen[arm] for arm in first} == {a: made[-1] for a, made in first.items()}
    assert chosen["one_margin"] == chosen["dml"] | check.ONE  # nothing but its margins


def test_a_trial_that_diverges_counts_as_nothing_found(where, monkeypatch):
    def diverge(*_):
        raise TrainingDiverged("a loss is nan")

    monkeypatch.setattr(check, "fit", diverge)
    check.do(Job(check.GARMENTS, "trial,dml,1", 0, check.choose([])["dml"]), where)
    (made,) = records.load(where["results"])
    assert made.extra["val_map"] == 0


@pytest.mark.parametrize("arm", check.HEADS)
def test_linear_heads_are_tested_as_the_arms_are(where, arm):
    check.do(Job(check.GARMENTS, arm, 0, {"rate": 1e-3}), where)
    made = {r.data: r for r in records.load(where["results"])}
    assert {check.GARMENTS, check.FRESH[check.GARMENTS]} <= set(made)
    assert made[check.GARMENTS].per_query is not None
    assert {r.arm for r in made.values()} == {arm}
    if arm == "c5-head":  # the start of all arms has their steps
        assert made[check.GARMENTS].cost["steps"] == SMOKE["steps"]


def test_class_vectors_are_turned_slowly_in_every_arm(garments):
    for name in ("cosface", "softmax_center", "mmfl", "strong_baseline"):
        arm, _ = arm_of(name, garments)
        n_items = garments.where(split="train").n_items
        rates = {id(w): g["lr"] for g in check.groups_of(arm, 1e-2) for w in g["params"]}
        vectors = [w for w in arm.criterion.parameters() if n_items in w.shape and w.dim() == 2]
        assert vectors
        for weight in vectors:
            dim = next(size for size in weight.shape if size != n_items)
            assert rates[id(weight)] == pytest.approx(1e-2 / dim**0.5), name


@pytest.mark.parametrize("data", [check.GARMENTS, check.SHOES])
def test_what_confirms_is_drawn_with_another_seed(data):
    fresh, known = check.fresh(data, "smoke"), check.load_data(data, "smoke")
    assert set(fresh.split) == {"query", "gallery"}
    assert fresh.n_items == SMOKE["fresh_items"]
    assert (np.diff(np.unique(fresh.item)) == 1).all()  # families come whole
    assert fresh.root.hash != known.root.hash
    ours, theirs = (rows.where(split="gallery").pixels(32) for rows in (fresh, known))
    assert not {p.tobytes() for p in ours} & {p.tobytes() for p in theirs}
    tests = check.exams(data, known, {"scale": "smoke", "data_root": ""})
    assert {data, check.FRESH[data]} <= set(tests)


def test_the_plan_has_generators_trials_and_all_arms(monkeypatch):
    monkeypatch.setattr(check.opening, "present", lambda *_: True)
    sizes = check.preset(check.BUDGET, "full")
    first = check.plan("full", [])
    assert {job.stage for job in first} == {0, 1}
    drawn = [job for job in first if job.arm.startswith("generator,")]
    assert len(drawn) == 2 * (2 * sizes["seeds"] + sizes["more_seeds"])
    for arm in check.HEADS:
        heads = {(job.data, job.seed) for job in first if job.arm == arm}
        assert heads == {(job.data, job.seed) for job in drawn}
    tried = [job for job in first if job.stage == 1]
    assert len(tried) == 11 * 9
    assert {job.data for job in tried} == {check.GARMENTS}
    assert all(job.cost for job in first if job.arm not in (*check.UNTRAINED, *check.HEADS))
    middle = [
        replace(r, extra={"val_map": 0.6 if r.arm.endswith(",4") else 0.5})
        for r in all_tried([check.grids()])
    ]
    last = [job for job in check.plan("full", middle) if job.stage == 4]
    counts = {data: sum(job.data == data for job in last) for data in check.DATA}
    assert counts == {
        check.GARMENTS: 12 * sizes["seeds"],
        check.SHOES: 10 * sizes["more_seeds"],
        check.GROCERY: 12 * sizes["seeds"],
    }
    assert {job.cost for job in last} == {*check.FIXED, "one_margin"}
    assert all(job.settings["rate"] == 1e-3 for job in last)
    steps = sum(check.budget(j.data, "full", j.arm)["steps"] for j in (*tried, *last))
    assert steps < 115_000  # of 64 pictures: about nine core-hours


def test_every_claim_compares_an_idea_with_its_relative():
    (own,) = [each for each in claims.load() if each.paper == "reality_check"]
    pairs = [tuple(claim.evidence[0]["contrast"]) for claim in own.claims]
    assert pairs == [*check.IDEAS.items()] * 2
    assert tuple(own.untrained) == check.UNTRAINED
    asked = {data for claim in own.claims for data in claim.evidence[0]["data"]}
    assert asked == {*check.FRESH.values(), "shop-views-composite", "grocery-store"}
