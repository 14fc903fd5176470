"""Chapter 04: every equation against loops in float64, the pool, the batches, the two stages."""

import itertools
import math

import cloudpickle
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fashret_utils import chapters, datasets, retrieval
from fashret_utils.data.batches import Batch
from fashret_utils.evidence.records import Record

mtv = chapters.definitions("04_mtv_cnn")

# Round, oval are rounded; almond, pointed tapered. Three closures without groups.
TOES, CLOSURES = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 2])


def triplet(seed=0, count=5, dim=4):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(3, count, dim, generator=generator, dtype=torch.float64)


def train_rows(items=20, street=2):
    options = {"items": items, "split": (items, 0, 0), "street_pictures": street}
    return datasets.load("wardrobe-shoes", shop_views=mtv.VIEWS, **options)


ROWS = train_rows()


# Equations 1 to 3, and 10


def test_ratio_loss_is_both_forms_of_equation_3():
    weight = torch.tensor([0.0, 0.7, 1.5, 2.2, 1.0], dtype=torch.float64)
    plain, weighted = [], []
    for a, p, n, w in zip(*triplet(), weight, strict=True):
        near, far = math.dist(a, p), math.dist(a, n)
        plus = math.exp(near) / (math.exp(near) + math.exp(far))
        minus = math.exp(far) / (math.exp(near) + math.exp(far))
        value = 0.5 * ((1 - minus) ** 2 + plus**2)
        assert value == pytest.approx(plus**2, rel=1e-12)
        plain.append(value)
        weighted.append(w.item() * value)
    assert mtv.ratio_triplet_loss(*triplet()).item() == pytest.approx(np.mean(plain), rel=1e-12)
    found = mtv.ratio_triplet_loss(*triplet(), weight).item()
    assert found == pytest.approx(np.mean(weighted), rel=1e-12)  # 1 / T, not 1 / sum of weights


def test_ratio_loss_at_equal_distances_is_a_quarter_and_weights_of_one_change_nothing():
    a, p, _ = triplet()
    assert mtv.ratio_triplet_loss(a, p, p).item() == pytest.approx(0.25, abs=1e-12)
    ones = torch.ones(5, dtype=torch.float64)
    assert mtv.ratio_triplet_loss(*triplet(), ones) == mtv.ratio_triplet_loss(*triplet())


def test_gradient_of_the_ratio_loss_is_2_plus_squared_minus():
    three = [part.clone().requires_grad_() for part in triplet()]
    assert torch.autograd.gradcheck(mtv.ratio_triplet_loss, three)
    gap = torch.linspace(-4, 4, 801, dtype=torch.float64, requires_grad=True)
    zeros = torch.zeros(801, 1, dtype=torch.float64)
    loss = mtv.ratio_triplet_loss(zeros, 9 + gap[:, None], zeros + 9) * 801
    (slope,) = torch.autograd.grad(loss, gap)
    plus = torch.sigmoid(gap.detach())
    torch.testing.assert_close(slope, 2 * plus**2 * (1 - plus), rtol=1e-10, atol=1e-12)
    assert slope.max().item() == pytest.approx(8 / 27, abs=1e-5)


@pytest.mark.parametrize(("near", "far", "expected"), [(1e3, 0.0, 1.0), (0.0, 1e3, 0.0)])
def test_ratio_loss_is_safe_at_large_distances(near, far, expected):
    places = [torch.full((1, 1), value, requires_grad=True) for value in (0.0, near, far)]
    loss = mtv.ratio_triplet_loss(*places)
    loss.backward()
    assert loss.item() == expected
    assert all(place.grad.isfinite().all() for place in places)


def test_triplets_of_unequal_shape_are_refused():
    a, p, n = triplet()
    with pytest.raises(ValueError, match=r"\(5, 4\), \(5, 4\), \(4, 4\)\]: expected three"):
        mtv.ratio_triplet_loss(a, p, n[:4])


# Equations 4 and 5


def test_class_weights_are_inverse_frequencies_that_sum_to_one():
    codes = torch.tensor([0] * 6 + [1] * 3 + [2] + [-1] * 4)
    weights = mtv.class_weights(codes, 3)
    assert weights.sum().item() == pytest.approx(1)
    products = weights * torch.tensor([6, 3, 1])
    assert products.tolist() == pytest.approx([products[0].item()] * 3)
    assert mtv.class_weights(torch.arange(5).repeat(3), 5).tolist() == pytest.approx([0.2] * 5)
    assert mtv.class_weights(torch.tensor([0, 2]), 3).tolist() == pytest.approx([0.5, 0, 0.5])


def test_attribute_loss_is_the_loop():
    generator = torch.Generator().manual_seed(1)
    logits = [torch.randn(4, g, generator=generator, dtype=torch.float64) for g in (3, 2)]
    codes = torch.tensor([[0, 1], [2, -1], [1, 0], [2, 1]])
    weights = [torch.tensor(w, dtype=torch.float64) for w in ((0.2, 0.3, 0.5), (0.9, 0.1))]
    total = 0.0
    for m, (z, w) in enumerate(zip(logits, weights, strict=True)):
        for row, code in zip(z.tolist(), codes[:, m].tolist(), strict=True):
            if code >= 0:
                p = math.exp(row[code]) / sum(map(math.exp, row))
                total -= w[code].item() * math.log(p) / 4 / 2  # T, M
    found = mtv.attribute_loss(logits, codes, weights)
    assert found.item() == pytest.approx(total, rel=1e-12)


# Equations 6 and 7


@pytest.mark.parametrize("views", [2, 3, 4])
def test_view_loss_is_the_loop_over_all_pairs(views):
    generator = torch.Generator().manual_seed(2)
    bag = torch.randn(5, views, 3, generator=generator, dtype=torch.float64)
    pairs = list(itertools.combinations(range(views), 2))
    assert len(pairs) == {2: 1, 3: 3, 4: 6}[views]
    total = sum(math.dist(x[j], x[k]) ** 2 for x in bag for j, k in pairs)
    found = mtv.view_invariance_loss(bag).item()
    assert found == pytest.approx(total / (2 * len(pairs)) / 5, rel=1e-12)


def test_view_loss_of_identical_views_is_zero_and_one_view_is_refused():
    assert mtv.view_invariance_loss(torch.ones(2, 3, 4)) == 0
    with pytest.raises(ValueError, match=r"bag is \(2, 1, 4\): expected"):
        mtv.view_invariance_loss(torch.ones(2, 1, 4))


def test_multi_task_loss_is_the_sum_of_its_parts():
    generator = torch.Generator().manual_seed(3)
    embedded = torch.randn(48, 5, generator=generator, dtype=torch.float64)
    logits = [torch.randn(8, 3, generator=generator, dtype=torch.float64)]
    codes, weights = torch.arange(8)[:, None] % 3, [torch.ones(3, dtype=torch.float64) / 3]
    weight = torch.linspace(0, 2, 8, dtype=torch.float64)
    three, bag = embedded[:24].reshape(3, 8, 5), embedded[24:].reshape(8, 3, 5)
    expected = mtv.ratio_triplet_loss(*three, weight)
    expected = expected + 0.05 * mtv.view_invariance_loss(bag)
    expected = expected + 0.05 * mtv.attribute_loss(logits, codes, weights)
    found = mtv.multi_task_loss(embedded, logits, codes, weights, weight=weight)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)


def test_a_batch_that_is_no_triplets_and_bags_is_refused():
    with pytest.raises(ValueError, match=r"45 pictures: expected 8 triplets and their bags"):
        mtv.split_batch(torch.zeros(45, 2))


# Equations 8 and 9


def test_attribute_distance_has_the_three_cases_and_adds_up():
    items = torch.tensor([[0, 0], [1, 0], [2, 0], [3, 2], [0, 0], [-1, 2]])
    table = mtv.attribute_distance(items[:, None], items[None], [TOES, CLOSURES])
    expected = [
        [0, 0.7, 1.5, 3.0, 0, 1.5],
        [0.7, 0, 1.5, 3.0, 0.7, 1.5],
        [1.5, 1.5, 0, 2.2, 1.5, 1.5],
        [3.0, 3.0, 2.2, 0, 3.0, 0],  # the last item's toe is unknown and costs nothing
        [0, 0.7, 1.5, 3.0, 0, 1.5],
        [1.5, 1.5, 1.5, 0, 1.5, 0],
    ]
    torch.testing.assert_close(table, torch.tensor(expected))


def test_attribute_distance_of_the_wardrobe_is_a_loop_over_names():
    truth = mtv.ItemTruth(ROWS)
    assert set(mtv.PARTS) <= set(truth.names)
    torch.testing.assert_close(truth.weights, truth.weights.T)
    assert (truth.weights.diagonal() == 0).all()
    first = [np.flatnonzero(ROWS.item == item)[0] for item in truth.items]
    for i, j in itertools.product(range(0, 20, 3), range(0, 20, 4)):
        total = 0.0
        for name in mtv.PARTS:
            column = ROWS.attribute_names.index(name)
            a, b = (ROWS.attribute_values[name][ROWS.attributes[first[k], column]] for k in (i, j))
            parent = ROWS.attribute_parents.get(name, {})
            if parent.get(a, a) != parent.get(b, b):
                total += 1.5
            elif a != b:
                total += 0.7
        assert truth.weights[i, j].item() == pytest.approx(total, abs=1e-5)


def test_a_near_twin_with_equal_parts_weighs_nothing():
    codes = torch.tensor([[1, 2], [1, 2]])
    weight = mtv.attribute_distance(codes[0], codes[1], [TOES, CLOSURES])
    assert weight == 0
    assert mtv.ratio_triplet_loss(*triplet(), torch.zeros(5).double()) == 0


# The pool


@pytest.mark.parametrize(("share", "size"), [(0.4, 7), (1.0, 19), (0.01, 1)])
def test_pool_holds_the_nearest_others(share, size):
    vectors = torch.randn(20, 3, generator=torch.Generator().manual_seed(4))
    pool = mtv.hard_negative_pool(vectors, share)
    assert pool.shape == (20, size)
    for i, row in enumerate(pool.tolist()):
        others = sorted((math.dist(vectors[i], vectors[j]), j) for j in range(20) if j != i)
        assert row == [j for _, j in others[:size]]


@pytest.mark.parametrize("share", [0, 1.1])
def test_pool_refuses_other_shares(share):
    with pytest.raises(ValueError, match=rf"share {share}, 20 items: expected \(0, 1\]"):
        mtv.hard_negative_pool(torch.zeros(20, 2), share)


# Batches


@pytest.mark.parametrize("triplets", [8, 4])
def test_batch_layout(triplets):
    sampler = mtv.TripletSampler(ROWS, triplets)
    seen = []
    for step in range(20 // triplets * 2):
        rows = sampler.rows(step)
        assert len(rows) == 6 * triplets
        parts = ROWS.item[rows[: 3 * triplets]].reshape(3, triplets)
        assert (parts[0] == parts[1]).all()
        assert (parts[0] != parts[2]).all()
        bags = rows[3 * triplets :].reshape(triplets, 3)
        assert (ROWS.item[bags] == parts[0][:, None]).all()
        assert all(len(set(bag)) == 3 for bag in bags.tolist())
        assert (ROWS.domain[rows] == ([0] * triplets + [1] * 5 * triplets)).all()
        seen.append(parts[0])
    epoch = np.concatenate(seen[: len(seen) // 2])
    assert len(set(epoch)) == len(epoch)  # an epoch sees an item at most once
    assert len({row for step in range(10) for row in sampler.rows(step)}) > 60


def test_batches_are_a_function_of_seed_and_step():
    a, b, other = (mtv.TripletSampler(ROWS, seed=s) for s in (1, 1, 2))
    assert (a.rows(7) == b.rows(7)).all()
    assert (a.rows(7) != other.rows(7)).any()
    shares = [mtv.TripletSampler(ROWS, 4, rank=rank, world=2).rows(1)[:4] for rank in (0, 1)]
    assert not set(ROWS.item[shares[0]]) & set(ROWS.item[shares[1]])


def test_negatives_come_from_the_pool_alone_once_it_is_set():
    sampler = mtv.TripletSampler(ROWS)
    before = {ROWS.item[sampler.rows(s)[16:24]].tobytes() for s in range(4)}
    sampler.pool = np.array([[(i + 1) % 20, (i + 2) % 20] for i in range(20)])
    for step in range(4):
        rows = ROWS.item[sampler.rows(step)]
        places = np.searchsorted(sampler.items, rows[:24]).reshape(3, 8)
        assert all(n in sampler.pool[a] for a, n in zip(places[0], places[2], strict=True))
    assert len(before) == 4


def test_short_bags_repeat_pictures():
    few = ROWS.where(view=("street", "front", "top"))
    bags = few.item, mtv.TripletSampler(few).rows(0)[24:].reshape(8, 3)
    assert all(len(set(bag)) == 2 for bag in bags[1].tolist())


def test_items_without_both_domains_are_refused():
    keep = (ROWS.item != 3) | (ROWS.domain == 1)
    with pytest.raises(ValueError, match=r"20 items, 1 times without a street or a shop"):
        mtv.TripletSampler(ROWS.take(keep))
    with pytest.raises(ValueError, match=r"expected 24 items or more"):
        mtv.TripletSampler(ROWS, triplets=24)


# The objective and the stages


def batch_of(sampler, seed=5):
    rows = sampler.rows(0)
    generator = torch.Generator().manual_seed(seed)
    embedded = torch.randn(48, 6, generator=generator, dtype=torch.float64, requires_grad=True)
    columns = [torch.from_numpy(ROWS.item[rows]), torch.from_numpy(ROWS.domain[rows])]
    attributes = torch.from_numpy(ROWS.attributes[rows])
    return embedded, Batch(torch.zeros(48, 3, 2, 2), *columns, attributes, torch.from_numpy(rows))


TRUTH = mtv.ItemTruth(ROWS)
TRUTH.class_weights = [w.double() for w in TRUTH.class_weights]


def head():
    torch.manual_seed(0)
    return mtv.AttributeHead(6, TRUTH.n_values, 7).double()


def test_the_arms_of_table_2_differ_in_alpha_and_beta_alone():
    arms = [mtv.ARMS[name] for name in ("tn", "tn_ap", "tn_vi", "tn_ap_vi")]
    weights = [(arm["alpha_v"], arm["beta_a"]) for arm in arms]
    assert weights == [(0, 0), (0, 0.05), (0.05, 0), (0.05, 0.05)]
    rest = [{k: v for k, v in arm.items() if k not in ("alpha_v", "beta_a")} for arm in arms]
    assert all(other == rest[0] for other in rest)


def test_objective_of_mtv_cnn_is_j0_with_the_weights_of_the_drawn_negatives():
    embedded, batch = batch_of(mtv.TripletSampler(ROWS))
    number = np.searchsorted(TRUTH.items, batch.items[:24]).reshape(3, 8)
    weight = torch.stack(
        [TRUTH.weights[i, j] for i, j in zip(number[0], number[2], strict=True)]
    ).double()
    codes = batch.attributes[:8]
    logits = head()(embedded[:8])
    for weights, expected in ((None, None), (TRUTH.weights.double(), weight)):
        j0 = mtv.multi_task_loss(embedded, logits, codes, TRUTH.class_weights, weight=expected)
        found = mtv.objective(embedded, batch, head(), TRUTH, mtv.ARMS["mtv_cnn"], weights)
        torch.testing.assert_close(found, j0, rtol=1e-12, atol=0)


def test_weights_of_one_and_the_whole_pool_are_stage_1():
    embedded, batch = batch_of(mtv.TripletSampler(ROWS))
    ones = torch.ones_like(TRUTH.weights).double()
    arm = mtv.ARMS["mtv_all"]
    losses = [mtv.objective(embedded, batch, head(), TRUTH, arm, w) for w in (None, ones)]
    assert losses[0] == losses[1]
    pool = mtv.hard_negative_pool(torch.randn(20, 3), arm["share"])
    assert all(set(row) == set(range(20)) - {i} for i, row in enumerate(pool.tolist()))


@pytest.mark.parametrize("arm", sorted(mtv.choose([])))
def test_every_arm_learns_from_what_it_should(arm):
    settings = mtv.choose([])[arm]
    embedded, batch = batch_of(mtv.TripletSampler(ROWS))
    classifier = head()
    mtv.objective(embedded, batch, classifier, TRUTH, settings).backward()
    moved = embedded.grad.abs().sum(1) > 0
    looks_at_bags = bool(settings["alpha_v"]) or "miner" in settings
    assert moved[:24].any()
    assert moved[24:].any() == looks_at_bags
    used = [p.grad is not None for p in classifier.parameters()]
    assert all(used) if settings["beta_a"] else not any(used)


def test_baselines_losses_are_loops_over_unit_vectors():
    embedded = triplet(count=8).reshape(24, 4)
    unit = [F.normalize(part) for part in embedded.reshape(3, 8, 4)]
    near, far = (
        np.array([math.dist(a, x) for a, x in zip(unit[0], p, strict=True)]) for p in unit[1:]
    )
    expected = {
        "triplet": np.maximum(0, near - far + mtv.SWEEPS["triplet"][0]["margin"]),
        "siamese": (near**2 + np.maximum(0, mtv.SWEEPS["siamese"][0]["margin"] - far) ** 2) / 2,
        "ratio": 1 / (1 + np.exp(mtv.SWEEPS["ratio"][0]["length"] * (far - near))) ** 2,
    }
    for arm, values in expected.items():
        found = mtv.triplet_part(embedded, torch.arange(24), mtv.SWEEPS[arm][0]).item()
        assert found == pytest.approx(values.mean(), abs=1e-5)  # torch's hinge adds 1e-6 inside


class Net(nn.Module):
    """A network of one matrix over mean colours, in place of a convolutional one."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer, self.dim = nn.Linear(3, 6), 6

    def forward(self, images):
        return self.layer(images.mean((2, 3)))


class Loop:
    """What `fit` needs of a Run, without a record; remembers what each step was drawn from."""

    device, rank, world = torch.device("cpu"), 0, 1

    def __init__(self):
        self.pools, self.sizes, self.weights = [], [], []

    def prepare(self, *parts):
        return parts

    def steps(self, batches):
        for step in range(len(batches)):
            batch = batches.at(step)
            self.pools.append(batches.sampler.pool)
            self.sizes.append(len(batch))
            yield batch

    def log(self, **values):
        assert all(np.isfinite(float(value)) for value in values.values())

    def backward(self, loss, optimizer):
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


PLAN = {"size": 8, "triplets": 8, "steps": 5, "switch": 2, "hidden": 5, "rates": 1.0}
SETTINGS = mtv.choose([])


@pytest.mark.parametrize("arm", ["mtv_cnn", "tn_ap_vi", "stage_1"])
def test_stage_2_begins_right_after_the_last_step_of_stage_1(arm, monkeypatch):
    seen = []
    objective = mtv.objective

    def watched(*arguments):
        seen.append(arguments[-1] is not None)
        return objective(*arguments)

    monkeypatch.setattr(mtv, "objective", watched)
    run = Loop()
    mtv.fit(run, Net(), ROWS, SETTINGS[arm], PLAN, 0)
    steps = 2 if arm == "stage_1" else 5
    stage_2 = [arm == "mtv_cnn" and step >= 2 for step in range(steps)]
    assert [pool is not None for pool in run.pools] == stage_2
    assert seen == stage_2  # stage 1 never reads W_a
    assert run.sizes == [48] * steps
    if arm == "mtv_cnn":
        assert run.pools[2].shape == (20, 7)
        assert run.pools[2] is run.pools[4]  # made once


def test_stage_1_is_mtv_cnn_until_the_switch():
    alone = mtv.fit(Loop(), Net(), ROWS, SETTINGS["stage_1"], PLAN, 0)
    cut = {**PLAN, "steps": 2}
    within = mtv.fit(Loop(), Net(), ROWS, SETTINGS["mtv_cnn"], cut, 0)
    torch.testing.assert_close(alone.state_dict(), within.state_dict(), rtol=0, atol=0)


def test_stage_2_settings():
    truth = mtv.ItemTruth(ROWS)
    chosen = {
        name: mtv.second_stage(Net(), ROWS, 8, truth, mtv.ARMS[name], "cpu")
        for name in ("mtv_cnn", "mtv_sum", "mtv_equal", "mtv_all")
    }
    assert chosen["mtv_equal"][1] is None
    torch.testing.assert_close(chosen["mtv_sum"][1], truth.weights, rtol=0, atol=0)
    for name, size in (("mtv_cnn", 7), ("mtv_all", 19)):
        pool, weights = chosen[name]
        assert pool.shape == (20, size)
        assert weights.gather(1, torch.from_numpy(pool)).mean().item() == pytest.approx(1)
        torch.testing.assert_close(weights * truth.weights.max(), truth.weights * weights.max())


def test_pool_is_made_from_the_mean_of_the_items_shop_pictures():
    net, shop = Net(), ROWS.where(domain="shop")
    features = mtv.raw_features(net, shop.pixels(8), "cpu")
    assert net.training
    means = torch.stack([features[torch.from_numpy(shop.item == i)].mean(0) for i in range(20)])
    expected = mtv.hard_negative_pool(means, 0.4)
    found = mtv.second_stage(net, ROWS, 8, mtv.ItemTruth(ROWS), mtv.ARMS["mtv_cnn"], "cpu")[0]
    np.testing.assert_array_equal(found, expected)


def test_frozen_batch_norms_keep_their_statistics_and_their_weights_learn():
    model = mtv.PooledTrunk(mtv.backbones.build("small", width=16))
    model.frozen = True
    model.train()
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    before = [m.running_mean.clone() for m in norms]
    model(torch.randn(4, 3, 32, 32)).sum().backward()
    assert all(torch.equal(m.running_mean, b) for m, b in zip(norms, before, strict=True))
    assert all(m.weight.grad is not None for m in norms)
    assert model(torch.randn(2, 3, 32, 32)).shape == (2, model.dim) == (2, 128)


# Search and measures


def test_lifted_vectors_rank_by_distance():
    generator = np.random.default_rng(6)
    query, gallery = generator.normal(20, 3, (30, 6)), generator.normal(20, 3, (80, 6))
    distance = np.linalg.norm(query[:, None] - gallery, axis=2)
    found = retrieval.search(*mtv.by_distance(query, gallery), 80)[1]
    np.testing.assert_array_equal(found, distance.argsort(axis=1))


def test_view_ratio_is_the_loop():
    generator = np.random.default_rng(7)
    x, items = generator.normal(size=(12, 3)), np.repeat(np.arange(4), 3)
    kinds = {True: [], False: []}
    for i, j in itertools.permutations(range(12), 2):
        kinds[bool(items[i] == items[j])].append(math.dist(x[i], x[j]))
    expected = np.mean(kinds[True]) / np.mean(kinds[False])
    assert mtv.view_ratio(x, items) == pytest.approx(expected)


def test_view_matrix_searches_one_view_in_one_view():
    test = datasets.load(
        "wardrobe-shoes", items=8, split=(0, 0, 8), street_pictures=1, shop_views=mtv.VIEWS
    )
    sides = mtv.sides_of(test)
    perfect = [np.eye(8)[side.item] for side in sides]
    matrix = mtv.view_matrix(perfect, sides)
    assert np.shape(matrix) == (6, 5)
    assert [row.index(None) for row in matrix[1:]] == list(range(5))
    assert matrix[0] == [1.0] * 5
    assert {cell for row in matrix for cell in row} == {1.0, None}
    spoilt = perfect[1].copy()
    spoilt[sides[1].view == "top"] = np.roll(spoilt[sides[1].view == "top"], 1, axis=0)
    column = [row[mtv.VIEWS.index("top")] for row in mtv.view_matrix([perfect[0], spoilt], sides)]
    assert set(column) == {0.0, None}


def test_settings_are_chosen_by_their_mean_on_validation_alone():
    def record(arm, number, val, hit, seed=0):
        names = {"chapter": "04_mtv_cnn", "data": "d", "scale": "smoke", "seed": seed}
        values = {"metrics": {"hit@20": hit}, "intervals": {}, "counts": {}}
        return Record(arm=mtv.sweep_name(arm, number), **names, **values, extra={"val_hit@20": val})

    assert mtv.choose([])["triplet"] == mtv.SWEEPS["triplet"][0]
    values = (0.1, 0.4, 0.2, 0.3)
    found = [record("triplet", i, v, 1 - v) for i, v in enumerate(values)]
    assert mtv.choose(found)["triplet"] == mtv.SWEEPS["triplet"][1]
    assert mtv.choose(found)["siamese"] == mtv.SWEEPS["siamese"][0]
    other_seed = [record("triplet", i, v, 0.0, seed=1) for i, v in enumerate((0.5, 0.0, 0.5, 0.6))]
    assert mtv.choose(found + other_seed)["triplet"] == mtv.SWEEPS["triplet"][3]
    tuned = mtv.choose([record("j0", i, float(i == 2), 0.0) for i in range(4)])
    rates = {arm: options.pop("rate") for arm, options in tuned.items() if arm in mtv.ARMS}
    assert set(rates) == set(mtv.ARMS)
    assert set(rates.values()) == {mtv.SWEEPS["j0"][2]["rate"]}  # one for all arms of the paper
    assert {arm: tuned[arm] for arm in mtv.ARMS} == mtv.ARMS
    assert len({len(choices) for choices in mtv.SWEEPS.values()}) == 1  # as much tuning for each
    spread = mtv.spreads(found)
    assert spread["triplet", "smoke", 0] == pytest.approx(0.3)
    assert len(mtv.spreads(found[:3])) == 0


# Detection


def test_regions_above_0_7_are_positive_and_all_others_negative():
    truth = np.array([[10, 10, 30, 30], [40, 40, 60, 60]], np.float32)
    proposals = np.array(
        [[10, 10, 30, 29], [10, 10, 30, 24], [41, 40, 60, 60], [0, 0, 5, 5]], np.float32
    )  # IoU 0.95, 0.7 (not above), 0.95, 0
    regions, labels, targets = mtv.sample_regions(proposals, truth, np.random.default_rng(0))
    assert len(regions) == 6
    positive = {tuple(box) for box in regions[labels == 1].tolist()}
    expected = [*truth, proposals[0], proposals[2]]
    assert positive == {tuple(box) for box in np.array(expected).tolist()}
    for box, target in zip(regions[labels == 1], targets[labels == 1], strict=True):
        assert mtv.detection.overlaps(box[None], target[None])[0, 0] > 0.7


def test_at_most_a_quarter_of_the_regions_is_positive():
    truth = np.array([[10, 10, 30, 30]], np.float32)
    proposals = np.concatenate([np.repeat(truth, 50, 0), np.repeat(truth + 30, 80, 0)])
    labels = mtv.sample_regions(proposals, truth, np.random.default_rng(0))[1]
    assert len(labels) == 64
    assert labels.sum() == 16


def test_fast_rcnn_finds_both_shoes_on_an_easy_picture():
    """Two dark boxes on white: trained on a few such pictures it finds both on another one."""
    generator = np.random.default_rng(8)
    pixels = np.full((13, 3, 64, 64), 245, np.uint8)
    boxes = np.zeros((13, 2, 4), np.float32)
    for picture, pair in zip(pixels, boxes, strict=True):
        for place, left in enumerate((4, 36)):
            x, y = left + generator.integers(4), 10 + generator.integers(20)
            width, height = 16 + generator.integers(6), 18 + generator.integers(8)
            picture[:, y : y + height, x : x + width] = generator.integers(20, 90, (3, 1, 1))
            pair[place] = x, y, x + width, y + height
    torch.manual_seed(0)
    maps = mtv.feature_maps(mtv.backbones.build("small", width=16), levels=(2, 3))
    model = mtv.FastRCNN(maps, 32)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    scenes = mtv.detectors.Scenes(pixels[:12], boxes[:12], steps=60)
    for step in range(60):
        optimizer.zero_grad()
        mtv.detection_loss(model, scenes.at(step)).backward()
        optimizer.step()
    test = mtv.detectors.Scenes(pixels[12:], boxes[12:])
    found, report = mtv.detectors.examine(model, mtv.find_shoes, test)
    overlap = mtv.detection.overlaps(boxes[12], found[0][0][:2])
    assert (overlap.max(1) > 0.5).all()
    assert report["ap@0.5"] > 0.9


def test_detectors_train_on_as_many_pictures_of_the_shop_as_of_the_street():
    rows = mtv.detector_rows(ROWS, 7)
    assert len(rows) == len(set(rows)) == 28
    chosen = ROWS.take(rows)
    assert len(set(chosen.item)) == 7
    assert (chosen.domain == 0).sum() == (chosen.domain == 1).sum() == 14
    assert set(chosen.view) == {"street", *mtv.VIEWS}


def test_a_job_can_be_sent_to_workers():
    """As in a notebook, whose functions workers cannot import: they are pickled by value."""
    cloudpickle.register_pickle_by_value(mtv)
    try:
        sent = cloudpickle.loads(cloudpickle.dumps(mtv.do))
    finally:
        cloudpickle.unregister_pickle_by_value(mtv)
    assert sent is not mtv.do
    assert sent.__globals__["roi_align"] is mtv.roi_align
    assert sent.__globals__["budget"]("smoke") == mtv.budget("smoke")


def test_real_shoes_are_asked_for_clearly(tmp_path, capsys):
    assert mtv.real_shoes(str(tmp_path)) is None
    assert "colorful_sneaker" in capsys.readouterr().out


# The paper's own sizes


def test_paper_scale_has_the_papers_rate_start_queries_and_gallery():
    plan = mtv.budget("paper")
    rates = {plan["rates"] * choices[0]["rate"] for choices in mtv.SWEEPS.values()}
    assert rates == {1e-3}
    assert plan["start_steps"] == 0
    whole = mtv.load_whole("wardrobe-shoes", "paper")
    counts = {part: len(whole.where(split=part)) for part in ("query", "gallery")}
    assert counts == {"query": 4_400, "gallery": 25_000}
    assert np.isin(whole.where(split="query").item, whole.where(split="gallery").item).all()


def test_other_scales_keep_all_queries_and_rates():
    whole = mtv.load_whole("wardrobe-shoes", "smoke")
    assert len(whole.where(split="query")) == 2 * whole.where(split="query").n_items == 32
    assert {mtv.budget(scale)["rates"] for scale in ("smoke", "quick", "gpu")} == {1.0}


def test_checkpoints_of_other_training_data_are_not_taken_up(tmp_path):
    where = {"scale": "smoke", "device": "cpu", "results": tmp_path, "progress": False}
    runs = [
        mtv.new_run("wardrobe-shoes", "tn", {}, 0, where, rows)
        for rows in (ROWS, train_rows(items=10))
    ]
    first, second = (run._keeper.folder for run in runs)
    assert first != second
