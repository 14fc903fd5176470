"""Chapter 04: every equation against loops in float64, the stages, and the faults it once had."""

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from tried import all_tried

from fashret_utils import chapters, datasets
from fashret_utils.data import SHOP, STREET
from fashret_utils.data.batches import Batch
from fashret_utils.evidence import claims, records
from fashret_utils.evidence.records import Record
from fashret_utils.training import Bench, Job, trials

mtv = chapters.definitions("04_mtv_cnn")

# Round, oval are rounded; almond, pointed tapered. Three closures without groups.
TOES, CLOSURES = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 2])
SETTINGS = mtv.choose([])
CPU = torch.device("cpu")


def triplet(seed=0, count=5, dim=4):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(3, count, dim, generator=generator, dtype=torch.float64)


def train_rows(items=20, street=2):
    options = {"items": items, "split": (items, 0, 0), "street_pictures": street}
    return datasets.load("wardrobe-shoes", shop_views=mtv.VIEWS, **options)


ROWS = train_rows()


@pytest.fixture(scope="module")
def shoes():
    return mtv.load_data(mtv.SHOES, "smoke")


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mtv")
    place = {"scale": "smoke", "device": "cpu", "data_root": str(folder), "progress": False}
    return place | {"results": str(folder / "results")}


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    """Kept weights in a folder of this test's; pixels and features where they always are."""
    patch, folder = pytest.MonkeyPatch(), tmp_path_factory.mktemp("weights")
    patch.setattr(mtv.kept_weights, "cache_folder", lambda: folder)
    yield
    patch.undo()


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


# Baselines, miners, the objective

TRUTH = mtv.ItemTruth(ROWS)
TRUTH.class_weights = [w.double() for w in TRUTH.class_weights]


def batch_of(sampler, seed=5, dim=6):
    rows = sampler.rows(0)
    generator = torch.Generator().manual_seed(seed)
    embedded = torch.randn(len(rows), dim, generator=generator, dtype=torch.float64)
    columns = [torch.from_numpy(ROWS.item[rows]), torch.from_numpy(ROWS.domain[rows].astype(int))]
    attributes = torch.from_numpy(ROWS.attributes[rows])
    images = torch.zeros(len(rows), 3, 2, 2)
    return embedded.requires_grad_(), Batch(images, *columns, attributes, torch.from_numpy(rows))


def head(dim=6):
    torch.manual_seed(0)
    return mtv.AttributeHead(dim, TRUTH.n_values, 7).double()


def test_the_arms_of_table_2_differ_in_alpha_and_beta_alone():
    arms = [SETTINGS[name] for name in ("tn", "tn_ap", "tn_vi", "tn_ap_vi")]
    weights = [(arm["alpha_v"], arm["beta_a"]) for arm in arms]
    assert weights == [(0, 0), (0, 0.05), (0.05, 0), (0.05, 0.05)]
    apart = ("alpha_v", "beta_a", "fork", "rate")  # each has a rate of its own, chosen from four
    rest = [{k: v for k, v in arm.items() if k not in apart} for arm in arms]
    assert all(other == rest[0] for other in rest)


def test_objective_of_mtv_cnn_is_j0_with_the_weights_of_the_drawn_negatives():
    embedded, batch = batch_of(mtv.TripletSampler(ROWS))
    number = np.searchsorted(TRUTH.items, batch.items[:24]).reshape(3, 8)
    pairs = zip(number[0], number[2], strict=True)
    weight = torch.stack([TRUTH.weights[i, j] for i, j in pairs]).double()
    codes, logits = batch.attributes[:8], head()(embedded[:8])
    three, bag = embedded[:24].reshape(3, 8, 6), embedded[24:].reshape(8, 3, 6)
    for weights, expected in ((None, None), (TRUTH.weights.double(), weight)):
        given = (embedded, logits, batch, TRUTH, SETTINGS["mtv_cnn"], 8, weights)
        terms = mtv.objective(*given)
        assert list(terms) == ["L", "alpha L_v", "beta L_a"]
        j0 = mtv.ratio_triplet_loss(*three, expected)
        j0 = j0 + 0.05 * mtv.view_invariance_loss(bag)
        j0 = j0 + 0.05 * mtv.attribute_loss(logits, codes, TRUTH.class_weights)
        torch.testing.assert_close(sum(terms.values()), j0, rtol=1e-12, atol=0)


def test_weights_of_one_and_the_whole_pool_are_stage_1():
    embedded, batch = batch_of(mtv.TripletSampler(ROWS))
    ones, logits = torch.ones_like(TRUTH.weights).double(), head()(embedded[:8])
    given = (embedded, logits, batch, TRUTH, SETTINGS["mtv_all"], 8)
    losses = [sum(mtv.objective(*given, weights).values()) for weights in (None, ones)]
    assert losses[0] == losses[1]
    pool = mtv.hard_negative_pool(torch.randn(20, 3), SETTINGS["mtv_all"]["share"])
    assert all(set(row) == set(range(20)) - {i} for i, row in enumerate(pool.tolist()))


@pytest.mark.parametrize("arm", sorted(set(SETTINGS) - {"infonce"}))
def test_every_arm_learns_from_what_it_should(arm):
    settings, classifier = SETTINGS[arm], head()
    embedded, batch = batch_of(mtv.TripletSampler(ROWS))
    logits = classifier(embedded[:8]) if settings["beta_a"] else None
    sum(mtv.objective(embedded, logits, batch, TRUTH, settings, 8).values()).backward()
    moved = embedded.grad.abs().sum(1) > 0
    assert moved[:24].any()
    assert moved[24:].any() == (bool(settings["alpha_v"]) or "miner" in settings)
    used = [p.grad is not None for p in classifier.parameters()]
    assert all(used) if settings["beta_a"] else not any(used)


def test_infonce_sees_as_many_pictures_as_all_terms_together(shoes):
    stem, _ = mtv.network("smoke")
    data, run = Bench(shoes, stem), SimpleNamespace(seed=0, rank=0, world=1)
    plan = mtv.budget(mtv.SHOES, "smoke")
    counts = {}
    for arm in ("infonce", "tn_ap_vi", "tn", "siamese"):
        batch = mtv.batches_of(data, SETTINGS[arm], plan, 1, 0, run).at(0)
        counts[arm] = len(batch)
        assert (batch.domains == STREET).sum() == (24 if arm == "infonce" else 8)
    assert counts == {"infonce": 48, "tn_ap_vi": 48, "tn": 24, "siamese": 24}
    street, shop = torch.randn(2, 24, 5, dtype=torch.float64)
    domains = torch.tensor([STREET, SHOP]).repeat(24)
    both = torch.stack([street, shop], 1).flatten(0, 1)
    batch = SimpleNamespace(domains=domains)
    found = mtv.objective(both, None, batch, None, SETTINGS["infonce"], 8)["L"]
    logits = F.normalize(street) @ F.normalize(shop).T / SETTINGS["infonce"]["temperature"]
    both_ways = [F.cross_entropy(z, torch.arange(24)) for z in (logits, logits.T)]
    torch.testing.assert_close(found, sum(both_ways) / 2)


def test_baselines_losses_are_loops_over_unit_vectors():
    embedded = triplet(count=8).reshape(24, 4)
    unit = [F.normalize(part) for part in embedded.reshape(3, 8, 4)]
    near, far = (
        np.array([math.dist(a, x) for a, x in zip(unit[0], p, strict=True)]) for p in unit[1:]
    )
    expected = {
        "triplet": np.maximum(0, near - far + SETTINGS["triplet"]["margin"]),
        "siamese": (near**2 + np.maximum(0, SETTINGS["siamese"]["margin"] - far) ** 2) / 2,
    }
    for arm, values in expected.items():
        found = mtv.triplet_part(embedded, torch.arange(24), 8, SETTINGS[arm]).item()
        assert found == pytest.approx(values.mean(), abs=1e-5)  # torch's hinge adds 1e-6 inside


@pytest.mark.parametrize("miner", ["hard", "semihard"])
def test_miners_anchor_on_street_pictures_alone(miner, monkeypatch):
    embedded, batch = batch_of(mtv.TripletSampler(ROWS))
    seen = []
    monkeypatch.setattr(
        mtv, "ratio_triplet_loss", lambda *three: seen.append(three) or three[0].sum()
    )
    mtv.mined_loss(0.3 * embedded, batch.items, 8, miner)
    places = [torch.cdist(part, 0.3 * embedded).argmin(1) for part in (p.detach() for p in seen[0])]
    anchors, positives, negatives = (batch.items[place] for place in places)
    assert (batch.domains[places[0]] == STREET).all()
    assert (batch.domains[torch.cat(places[1:])] == SHOP).all()
    assert (anchors == positives).all()
    assert (anchors != negatives).all()


def test_the_hardest_miner_takes_the_nearest_negative_by_the_losss_own_distance(monkeypatch):
    embedded, batch = batch_of(mtv.TripletSampler(ROWS))
    embedded = embedded.detach() * torch.linspace(1, 9, 48)[:, None]  # lengths differ
    seen = []
    monkeypatch.setattr(
        mtv, "ratio_triplet_loss", lambda *three: seen.append(three) or three[0].sum()
    )
    mtv.mined_loss(embedded, batch.items, 8, "hard")
    distance = torch.cdist(embedded[:8], embedded[8:])
    other = batch.items[:8, None] != batch.items[8:]
    nearest = embedded[8:][distance.masked_fill(~other, torch.inf).argmin(1)]
    torch.testing.assert_close(seen[0][2], nearest)


# The network, its length, its gradients


def test_the_start_is_the_trunks_own_features_times_one_number(shoes):
    """No random layer between ImageNet and the distances."""
    stem, model = mtv.network("smoke", seed=3)
    trunk, pictures = mtv.trunk("lite0"), torch.from_numpy(np.array(shoes.take([0, 9]).pixels(96)))
    with torch.no_grad():
        expected = trunk(pictures).mean((2, 3))
        torch.testing.assert_close(model.eval()(stem(pictures)), expected, rtol=1e-3, atol=1e-3)
    assert [name for name, _ in model.named_children()] == ["tail"]


def test_a_head_changes_nothing_of_the_trunk_and_is_drawn_from_the_seed():
    bare = mtv.network("smoke", 0)[1].tail.state_dict()
    heads = [mtv.network("smoke", seed, (3, 4))[1] for seed in (0, 0, 1)]
    for name, value in heads[0].tail.state_dict().items():
        assert torch.equal(value, bare[name])
    first = [model.head.hidden[0].weight for model in heads]
    assert torch.equal(first[0], first[1])
    assert not torch.equal(first[0], first[2])


@pytest.mark.parametrize("wanted", [1.0, 5.0])
def test_the_length_sets_how_far_random_pairs_are_apart(shoes, wanted):
    stem, model = mtv.network("smoke")
    data = mtv.ByDistance(shoes, stem)
    raw = mtv.mean_distance(data, model)
    assert raw > 20  # what the first version of the chapter trained on
    mtv.set_length(data, model, None)
    assert model.length == 1
    mtv.set_length(data, model, wanted)
    assert mtv.mean_distance(data, model) == pytest.approx(wanted, rel=1e-3)
    assert model.length.item() == pytest.approx(wanted / raw, rel=1e-3)
    assert not any(value is model.length for value in model.parameters())


def test_one_length_for_every_arm_with_the_ratio_loss():
    with_it = [arm for arm, told in SETTINGS.items() if told["loss"] == "ratio"]
    lengths = {arm: SETTINGS[arm]["length"] for arm in with_it}
    assert lengths.pop("raw_scale") is None
    assert len(lengths) == 12
    assert set(lengths.values()) == {2.5}


def test_gradient_norms_and_shares_are_those_of_each_term_alone():
    model = SimpleNamespace(tail=nn.Linear(3, 2).double())
    x = torch.randn(5, 3, dtype=torch.float64)
    y = model.tail(x)
    terms = {"L": y.square().mean(), "alpha L_v": 7 * y.sum()}
    norms = mtv.gradient_norms(terms, model)
    for name, term in terms.items():
        model.tail.zero_grad()
        term.backward(retain_graph=True)
        parts = torch.cat([p.grad.flatten() for p in model.tail.parameters()])
        assert norms[name].item() == pytest.approx(parts.norm().item())
    shares = mtv.shares_of(norms)
    assert list(shares) == ["share of L", "share of alpha L_v"]
    assert sum(shares.values()).item() == pytest.approx(1)


def test_nothing_is_clipped(shoes, where):
    run = mtv.new_run(mtv.SHOES, "tn", SETTINGS["tn"], 0, where, shoes)
    assert run._clip is None


# Ranking


@pytest.mark.parametrize("arm", sorted(SETTINGS))
def test_each_arm_is_ranked_by_the_distance_it_was_trained_with(arm, shoes, where):
    told, plan = SETTINGS[arm], mtv.budget(mtv.SHOES, "smoke")
    model, data = mtv.start(shoes, told, 0, where, plan, CPU)
    assert isinstance(data, mtv.ByDistance) == (told["loss"] == "ratio")
    part = shoes.where(split="val")
    found = data.part(part).search(model, "val").retrieval
    sides = [part.where(domain=side) for side in (STREET, SHOP)]
    query, gallery = (torch.from_numpy(mtv.features(data, model, side)) for side in sides)
    if told["loss"] != "ratio":
        query, gallery = F.normalize(query), F.normalize(gallery)
    nearest = torch.cdist(query.double(), gallery.double()).argmin(1)
    assert (torch.from_numpy(found.indices[:, 0]) == nearest).float().mean() > 0.9


# Stages


def test_epochs_are_the_papers_and_the_rate_falls_once():
    plan = mtv.budget(mtv.SHOES, "full", "mtv_cnn")
    assert (plan["switch"], plan["epochs"], plan["triplets"]) == (10, 30, 8)
    assert plan["items"] == (600, 100, 500)
    spans = {arm: mtv.span_of(SETTINGS[arm], plan, 600) for arm in SETTINGS}
    assert spans["tn"] == (0, 2250, 1500)
    assert spans["stage_1"] == spans["raw_scale"] == (0, 750, 1500)
    for arm in mtv.FORKS:
        assert spans[arm] == (750, 2250, 1500)
    assert mtv.span_of(SETTINGS["tn"], plan, 600, world=2) == (0, 1110, 740)
    assert mtv.budget(mtv.SHOES, "paper")["epochs"] == 30


def test_folds_have_epochs_of_one_size():
    plan = mtv.budget(mtv.IN_SHOP, "full", "tn")
    assert {mtv.span_of(SETTINGS["tn"], plan, n) for n in (101, 118, 130)} == {(0, 288, 192)}


def test_trials_are_short_and_do_not_look():
    plan = mtv.budget(mtv.SHOES, "full", "trial,tn,3")
    assert (plan["epochs"], plan["switch"], plan["looks"]) == (4, 0, 0)
    for arm, choices in mtv.tune([]).choices.items():
        if not arm.startswith(("in-shop", "final,")):
            assert mtv.span_of(choices[0], plan, 600) == (0, 300, 200), arm
    plan = mtv.budget(mtv.IN_SHOP, "full", "trial,in-shop2,tn,3")
    assert mtv.span_of(SETTINGS["tn"], plan, 118) == (0, 96, 64)
    plan = mtv.budget(mtv.SHOES, "full", "trial,final,tn,1")
    assert (plan["epochs"], plan["looks"]) == (30, 0)


def test_the_runs_of_the_worked_example_are_short_and_are_looked_at():
    plan = mtv.budget(mtv.SHOES, "full", "watched")
    assert (plan["epochs"], plan["switch"], plan["looks"]) == (2, 0, 10)


@pytest.fixture(scope="module")
def first(shoes, where):
    """Stage 1 of seed 0: Run, network, Bench."""
    return mtv.train(mtv.SHOES, "stage_1", SETTINGS["stage_1"], 0, where)


@pytest.mark.parametrize("arm", ["mtv_cnn", "tn_ap_vi", "miner_hard"])
def test_later_stages_fork_from_the_one_checkpoint_of_stage_1(arm, first, where, monkeypatch):
    expected = first[1].state_dict()
    calls, fit = [], mtv.fit

    def watched(run, model, data, settings, plan):
        calls.append((run.arm, {k: v.clone() for k, v in model.state_dict().items()}))
        return fit(run, model, data, settings, plan)

    monkeypatch.setattr(mtv, "fit", watched)
    run = mtv.train(mtv.SHOES, arm, SETTINGS[arm], 0, where)[0]
    assert [name for name, _ in calls] == [arm]  # stage 1 is not trained again
    for name, value in calls[0][1].items():
        assert torch.equal(value, expected[name]), name
    assert len(run.history) == 2 * 3  # two more epochs of three steps
    assert mtv.stage_one(SETTINGS[arm]) == SETTINGS["stage_1"]


def test_forks_with_a_rate_for_each_fold_find_their_stage_1(where, monkeypatch):
    fit, calls = mtv.fit, []
    monkeypatch.setattr(mtv, "fit", lambda run, *rest: calls.append(run.arm) or fit(run, *rest))
    for arm in ("stage_1", "tn_ap_vi"):
        told = {k: v for k, v in SETTINGS[arm].items() if k != "rate"} | {"rates": (3e-3,)}
        mtv.train(mtv.SHOES, arm, told, 1, where)
    assert calls == ["stage_1", "tn_ap_vi"]


def test_without_a_checkpoint_stage_1_is_trained_first_and_alike(first, where, monkeypatch):
    expected = first[1].state_dict()
    kept = []
    monkeypatch.setattr(mtv.kept_weights, "take", lambda run, model: False)
    monkeypatch.setattr(mtv.kept_weights, "keep", lambda run, model: kept.append((run.arm, model)))
    fit = mtv.fit

    def stopped(run, model, *rest):
        return fit(run, model, *rest) if run.arm == "stage_1" else model

    monkeypatch.setattr(mtv, "fit", stopped)
    _, model, _ = mtv.train(mtv.SHOES, "tn_ap_vi", SETTINGS["tn_ap_vi"], 0, where)
    assert [arm for arm, _ in kept] == ["stage_1"]
    torch.testing.assert_close(model.state_dict(), expected, rtol=0, atol=0)


def test_stage_2_draws_from_its_pool_and_stage_1_never_reads_weights(first, where, monkeypatch):
    seen, objective = [], mtv.objective

    def watched(*given):
        seen.append(given)
        return objective(*given)

    monkeypatch.setattr(mtv, "objective", watched)
    mtv.train(mtv.SHOES, "mtv_cnn", SETTINGS["mtv_cnn"], 0, where)
    assert len(seen) == 6
    assert all(given[-1] is not None for given in seen)
    _, model, data = first
    shop = data.catalog.where(split="train", domain=SHOP)
    told = SETTINGS["mtv_cnn"]
    truth = mtv.ItemTruth(data.catalog.where(split="train"))
    pool, weights = mtv.second_stage(mtv.features(data, model, shop), shop.item, truth, told)
    for given in seen:
        number = truth.number(given[2].items[:24]).reshape(3, 8)
        for anchor, negative in zip(number[0].tolist(), number[2].tolist(), strict=True):
            assert negative in pool[anchor]
    torch.testing.assert_close(seen[0][-1], weights)
    seen.clear()
    mtv.train(mtv.SHOES, "tn", SETTINGS["tn"], 0, where)
    assert all(given[-1] is None for given in seen)


def test_stage_2_settings():
    truth, shop = mtv.ItemTruth(ROWS), ROWS.where(domain="shop")
    vectors = np.random.default_rng(0).normal(size=(len(shop), 6)).astype(np.float32)
    names = ("mtv_cnn", "mtv_sum", "mtv_equal", "mtv_all")
    chosen = {n: mtv.second_stage(vectors, shop.item, truth, SETTINGS[n]) for n in names}
    assert chosen["mtv_equal"][1] is None
    torch.testing.assert_close(chosen["mtv_sum"][1], truth.weights, rtol=0, atol=0)
    means = torch.stack([torch.tensor(vectors[shop.item == i].mean(0)) for i in truth.items])
    np.testing.assert_array_equal(chosen["mtv_cnn"][0], mtv.hard_negative_pool(means, 0.4))
    for name, size in (("mtv_cnn", 7), ("mtv_all", 19)):
        pool, weights = chosen[name]
        assert pool.shape == (20, size)
        assert weights.gather(1, torch.from_numpy(pool)).mean().item() == pytest.approx(1)
        torch.testing.assert_close(weights * truth.weights.max(), truth.weights * weights.max())


def test_a_pair_of_which_no_part_is_known_weighs_as_the_mean():
    truth, shop = mtv.ItemTruth(ROWS), ROWS.where(domain="shop")
    vectors = np.random.default_rng(0).normal(size=(len(shop), 6)).astype(np.float32)
    assert truth.known.all()
    truth.known[:, 3:] = truth.known[3:] = False  # of most items nobody knows a part
    truth.weights = torch.where(truth.known, truth.weights, 0.0)
    pool, weights = mtv.second_stage(vectors, shop.item, truth, SETTINGS["mtv_all"])
    assert (weights[~truth.known] == 1).all()
    drawn = weights.gather(1, torch.from_numpy(pool))
    known = truth.known.gather(1, torch.from_numpy(pool))
    assert drawn[known].mean().item() == pytest.approx(1)


def test_each_layer_of_the_head_learns_as_from_a_plain_cross_entropy():
    model = mtv.network("smoke", 0, (4, 10))[1]
    tail, *heads = mtv.optimizer_of(model, {"rate": 1e-2, "beta_a": 0.0}).param_groups
    assert (tail["lr"], tail["weight_decay"]) == (1e-2, 1e-4)
    rates = {id(w): g["lr"] for g in heads for w in g["params"]}
    for layer, size in zip([*model.head.heads, model.head.hidden[0]], (4, 10, 7), strict=True):
        expected = 1e-2 * 2 * size / 0.05  # its loss counts 0.05 / 2, and by the weights 1 / size
        assert [rates[id(w)] for w in layer.parameters()] == pytest.approx([expected] * 2)
    loud = mtv.optimizer_of(model, {"rate": 1e-2, "beta_a": 25.0}).param_groups[1:]
    assert [a["lr"] / b["lr"] for a, b in zip(heads, loud, strict=True)] == pytest.approx(
        [500] * len(heads)
    )
    assert {g["weight_decay"] for g in heads} == {0.0}
    assert {g["momentum"] for g in (tail, *heads)} == {0.9}


def test_garments_weigh_by_all_but_their_colour():
    names = ("colour", "pattern", "material: Wool")
    assert mtv.parts_of(names) == [1, 2]
    drawn = ("category", "colour", "second colour", "closure")  # one of the shoes' is no shoe
    assert mtv.parts_of(drawn) == [0, 3]
    assert mtv.parts_of(TRUTH.names) == [TRUTH.names.index(name) for name in mtv.PARTS]


# Settings


def record(arm, val_map, seed=0):
    names = {"chapter": "04_mtv_cnn", "data": "d", "scale": "full", "seed": seed}
    empty = {"metrics": {}, "intervals": {}, "counts": {}}
    return Record(arm=arm, **names, **empty, extra={"val_map": val_map})


def tried_all(count=None):
    """Trials of some rounds, or of all; the later a choice stands, the better on validation."""
    found = []
    for _ in range(len(mtv.tune([]).rounds) if count is None else count):
        found = all_tried(mtv.tune(found).rounds[:count])
    return found


def test_every_loss_is_tried_as_often_from_the_papers_rate_on():
    first, second = mtv.tune([]).rounds[:2]
    counts = {arm: len(choices) for arm, choices in first.items()}
    assert counts == dict.fromkeys(("siamese", "triplet", "infonce"), 12) | dict.fromkeys(
        ("length,tn", "length,tn_ap_vi"), 20
    )
    assert set(second) == {"siamese", "triplet", "infonce", "tn", "tn_vi", "raw_scale"}
    rates = sorted(rate["rate"] for rate in mtv.RATES)
    assert rates[0] == 1e-3
    for arm, choices in (first | second).items():
        by_length = {}
        for told in choices:  # to the ratio loss a step is as large at any length
            length = told.get("length", 2.5) or mtv.RAW
            by_length.setdefault(length, []).append(told["rate"] * (length / 2.5) ** 2)
        for found in by_length.values():
            assert sorted({round(rate, 9) for rate in found}) == pytest.approx(rates), arm


def test_beyond_the_end_of_a_grid_one_more_is_tried():
    found = tried_all()
    rounds, chosen = mtv.tune(found).rounds, mtv.choose(found)
    assert chosen["tn"]["length"] == 10  # the later a choice stands, the better
    at_ten = [rate * (2.5 / 10) ** 2 for rate in (1e-3, 4e-3, 1.6e-2, 6.4e-2, 0.256, 1.024)]
    for arm in ("tn", "tn_vi"):
        assert [told["rate"] for told in rounds[3][arm]] == pytest.approx(at_ten)
    assert rounds[4]["siamese"][-1]["margin"] == pytest.approx(2.25)
    assert rounds[5]["infonce"][-1]["temperature"] == pytest.approx(0.1 * 0.1 / 0.07)
    shop = mtv.choose(found, "in-shop")
    assert shop["tn"]["rates"] == pytest.approx([at_ten[-1]] * 5)


def test_finals_at_full_length_choose_the_settings_of_what_decides():
    found = tried_all(6)
    last = mtv.tune(found).rounds[6]
    assert set(last) == {f"final,{arm}" for arm in mtv.LAST}
    first, second = last["final,tn_vi"]
    assert mtv.choose(found)["mtv_cnn"]["rate"] == first["rate"]
    found += [record("trial,final,tn_vi,0", 0.1), record("trial,final,tn_vi,1", 0.2)]
    chosen = mtv.choose(found)
    assert second["rate"] != first["rate"]
    for arm in ("tn_vi", "tn_ap_vi", "mtv_cnn", "stage_1", "miner_hard"):
        assert chosen[arm]["rate"] == second["rate"], arm
    for arm in ("tn_ap", "tn_ap_loud"):
        assert chosen[arm]["rate"] == chosen["tn"]["rate"], arm
    assert chosen["tn_ap_loud"]["beta_a"] > 100 * chosen["tn_ap"]["beta_a"]


def test_the_length_must_suit_the_loss_alone_and_all_terms():
    rows = {f"length,{arm}": mtv.tune([]).rounds[0][f"length,{arm}"] for arm in ("tn", "tn_ap_vi")}
    marks = {
        "length,tn": {0.4: 0.2, 1.0: 0.3, 2.5: 0.5, 5.0: 0.52, 10.0: 0.1},
        "length,tn_ap_vi": {0.4: 0.3, 1.0: 0.4, 2.5: 0.4, 5.0: 0.1, 10.0: 0.1},
    }
    found = [
        record(f"trial,{arm},{i}", marks[arm][told["length"]] - 0.01 * (i % 4))
        for arm, choices in rows.items()
        for i, told in enumerate(choices)
    ]
    assert {told["length"] for told in mtv.tune(found).rounds[1]["tn"]} == {2.5}
    found += [record(f"trial,{arm},1", 0.5) for arm in ("tn", "tn_vi")]
    chosen = mtv.choose(found)
    assert {chosen[arm]["length"] for arm in ("tn", "tn_vi", "mtv_cnn", "stage_1")} == {2.5}
    assert chosen["tn"]["rate"] == chosen["mtv_cnn"]["rate"] == 4e-3
    assert SETTINGS["tn"]["length"] == 2.5


def test_forks_have_the_rate_of_the_stage_they_go_on_from():
    found = tried_all(2)
    chosen, shop = mtv.choose(found), mtv.choose(found, "in-shop")
    assert len({chosen[arm]["rate"] for arm in (*mtv.FORKS, "stage_1", "tn_vi")}) == 1
    without = [
        {k: v for k, v in told["tn"].items() if k not in ("rate", "rates")}
        for told in (chosen, shop)
    ]
    assert without[0] == without[1]


def test_within_the_shop_each_fold_chooses_its_rate():
    rates = [told["rate"] for told in mtv.RATES]
    names = [f"in-shop{fold},{arm}" for fold in range(5) for arm in ("tn", "tn_vi")]
    found = [
        record(f"trial,{name},{i}", 0.9 if i == n % 4 else 0.1)
        for n, name in enumerate(names)
        for i in range(4)
    ]
    shop = mtv.choose(found, "in-shop")
    assert shop["tn"]["rates"] == shop["tn_ap"]["rates"]
    assert shop["tn"]["rates"] == tuple(rates[n] for n in (0, 2, 0, 2, 0))
    for arm in ("tn_vi", "tn_ap_vi", "stage_1", "mtv_cnn"):
        assert shop[arm]["rates"] == tuple(rates[n] for n in (1, 3, 1, 3, 1)), arm
    assert shop["triplet"]["rates"] == shop["siamese"]["rates"]
    assert not any("rate" in shop[arm] for arm in (*mtv.TABLES, "stage_1"))
    arms = list(mtv.tune([]).rounds[-1])
    assert {arm.split(",")[0] for arm in arms} == {f"in-shop{fold}" for fold in range(5)}
    assert {mtv.tuned_on(arm) for arm in arms} == {mtv.IN_SHOP}


def test_a_trial_within_the_shop_is_of_its_fold(where, monkeypatch):
    folds = []

    def train(data, arm, told, seed, place, fold):
        folds.append(fold)
        raise mtv.TrainingDiverged("seen enough")

    monkeypatch.setattr(mtv, "train", train)
    monkeypatch.setattr(mtv, "load_data", lambda *_: ROWS)
    mtv.do(Job(mtv.IN_SHOP, "trial,in-shop3,tn,0", 0, SETTINGS["tn"]), where)
    mtv.do(Job(mtv.SHOES, "trial,length,tn,0", 0, SETTINGS["tn"]), where)
    assert folds == [3, 0]


def test_each_fold_trains_at_its_own_rate(where):
    told = {k: v for k, v in SETTINGS["tn"].items() if k != "rate"} | {"rates": (1e-12, 1e-1)}
    start = mtv.network("smoke", 0)[1].tail
    moved = []
    for fold in (0, 1):
        tail = mtv.train(mtv.SHOES, "a", told, 0, where, fold)[1].tail
        pairs = zip(tail.parameters(), start.parameters(), strict=True)
        moved.append(max((a - b).detach().abs().max().item() for a, b in pairs))
    assert moved[0] < 1e-6 < 1e-4 < moved[1]


def test_the_spread_moves_one_number_at_the_tuned_rate():
    tried = mtv.spread_round(SETTINGS)
    for arm in mtv.SPREADS:
        key = mtv.SPREADS[arm]
        choices = tried[f"spread,{arm}"]
        values = [told[key] / SETTINGS[arm][key] for told in choices]
        assert values == pytest.approx([0.25, 1, 4])
        others = [{k: v for k, v in told.items() if k not in (key, "rate")} for told in choices]
        assert all(other == others[0] for other in others)
        steps = [told["rate"] * (told[key] ** 2 if key == "length" else 1) for told in choices]
        assert steps == pytest.approx([steps[1]] * 3)  # as the loss sees them
        assert choices[1]["rate"] == SETTINGS[arm]["rate"]


# The plan and its records


LAST = len(mtv.tune([]).rounds)  # what follows the trials is of this stage and later


def whole_plan(monkeypatch, shop=True):
    """All jobs of scale full, trials done."""
    monkeypatch.setattr(mtv.opening, "present", lambda *_: shop)
    for number in range(LAST if shop else LAST - 3):  # the last three are within the shop
        jobs = mtv.plan("full", tried_all(number))
        assert {job.stage for job in jobs} <= set(range(LAST))
        assert all(trials.is_trial(job.arm) or job.arm in mtv.UNTRAINED for job in jobs)
    return mtv.plan("full", tried_all())


def test_the_plan_goes_round_by_round(monkeypatch):
    jobs = [job for job in whole_plan(monkeypatch) if job.stage >= LAST]
    assert {(job.arm, job.stage - LAST) for job in jobs if job.stage != LAST + 1} == {
        ("stage_1", 0),
        *((f"trial,spread,{arm},{n}", 0) for arm in mtv.SPREADS for n in range(3)),
        *((arm, 2) for arm in (*mtv.finding.KINDS, "whole")),
    }
    late = {job.arm for job in jobs if job.stage == LAST + 1}
    assert set(mtv.FORKS) <= late  # when what they go on from is there, for all seeds
    assert {job.arm for job in jobs if job.data == mtv.IN_SHOP} == {*mtv.TABLES, "stage_1"}


def test_without_shop_views_the_plan_still_ends(monkeypatch):
    jobs = whole_plan(monkeypatch, shop=False)
    assert {job.data for job in jobs} == {mtv.SHOES}
    assert "whole" in {job.arm for job in jobs}


def test_what_decides_a_claim_has_four_seeds(monkeypatch):
    seeds = {}
    for job in whole_plan(monkeypatch):
        if not trials.is_trial(job.arm):
            seeds.setdefault((job.data, job.arm), set()).add(job.seed)
    (paper,) = (ledger for ledger in claims.load() if ledger.paper == "mtv_cnn")
    decided = set()
    for claim in paper.claims:
        for entry in claim.evidence:
            decided |= {(data, arm) for data in entry["data"] for arm in entry["contrast"]}
            for data in (*entry["data"], *entry.get("also", ())):
                away = data.startswith("shop-views-") and data != mtv.IN_SHOP
                for arm in entry["contrast"]:
                    assert (mtv.SHOES if away else data, arm) in seeds, (claim.id, data, arm)
    for data, arm in decided:
        assert len(seeds[data, arm]) == (1 if arm in paper.untrained else 4), (data, arm)
    few = {(data, arm) for data, arms in mtv.FEW.items() for arm in arms}
    assert not few & decided
    assert {len(seeds[each]) for each in few} == {1}


def test_gates_of_the_ledger_are_numbers_that_records_hold(first, where):
    (paper,) = (ledger for ledger in claims.load() if ledger.paper == "mtv_cnn")
    entries = [entry for claim in paper.claims for entry in claim.evidence]
    rules = [rule for entry in entries for rule in entry.get("gates", ())]
    assert {rule["arm"] for rule in rules} == {"tn_ap", "tn_ap_loud"}
    for rule in rules:
        mtv.do(Job(mtv.SHOES, rule["arm"], 0, SETTINGS[rule["arm"]]), where)
        (made,) = records.load(where["results"], arm=rule["arm"], data=rule["data"])
        assert isinstance(made.extra[rule["number"]], float)


def test_records_hold_what_the_figures_of_views_need(where):
    mtv.do(Job(mtv.SHOES, "trunk", 0), where)
    (start,) = records.load(where["results"], arm="trunk", data=mtv.SHOES)
    assert np.shape(start.extra["views"]) == (6, 5)
    assert 0 < start.extra["view_ratio"] < 1.5
    assert start.extra["settings"] == {}


def test_a_job_is_recorded_query_by_query_and_a_trial_without_the_test(first, where):
    for arm, told in (
        ("tn_ap_vi", SETTINGS["tn_ap_vi"]),
        ("trunk", {}),
        ("trunk_centred", {}),
        ("trial,tn,0", SETTINGS["tn"]),
    ):
        mtv.do(Job(mtv.SHOES, arm, 0, told), where)
    found = {r.arm: r for r in records.load(where["results"])}
    tested = found["tn_ap_vi"]
    asked = records.per_query(tested, where["results"])
    assert len(asked.item) == tested.counts["n_query"] == 48
    assert len(set(asked.family)) == 6  # near-twins are drawn again together
    assert np.array_equal(records.per_query(found["trunk"], where["results"]).item, asked.item)
    assert tested.extra["settings"] == SETTINGS["tn_ap_vi"]
    shares = [tested.extra[f"share of {term}"] for term in ("L", "alpha L_v", "beta L_a")]
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    assert 0 < tested.extra["val_loss"] < 1
    scores = [tested.extra[f"attribute_{n}"] for n in ("accuracy", "majority", "balanced")]
    assert all(0 < score < 1 for score in scores)
    short = tested.extra["attribute_balanced_majority"] - tested.extra["attribute_balanced"]
    assert tested.extra["attribute_shortfall"] == pytest.approx(short)
    assert np.shape(tested.extra["views"]) == (6, 5)
    assert {mtv.GAP, mtv.FAR, "L", "alpha L_v", "beta L_a", "val_map"} <= set(tested.curve)
    assert found["trunk_centred"].metrics["map"] > 0
    tried = found["trial,tn,0"]
    assert tried.metrics == {}
    assert 0 < tried.extra["val_map"] <= 1


@pytest.mark.parametrize("arm", ["fast_rcnn", "faster_rcnn", "whole"])
def test_shoes_are_found_measured_and_searched_for(arm, where):
    told = {} if arm == "whole" else {"items": 8, "hidden": 16}
    mtv.do(Job(mtv.SHOES, arm, 0, told | {"search": SETTINGS["mtv_cnn"]}), where)
    (made,) = records.load(where["results"], arm=arm)
    asked = records.per_query(made, where["results"])
    assert len(asked.item) == made.counts["n_query"] == 48
    assert made.extra["settings"]["search"] == SETTINGS["mtv_cnn"]
    assert ("ap@0.7" in made.extra) == ("street_ap@0.5" in made.extra) == (arm != "whole")
    assert ("proposal_recall@0.7" in made.extra) == (arm == "fast_rcnn")


def test_a_trial_that_diverges_counts_nothing_and_stops_no_campaign(where, monkeypatch):
    def diverged(*_):
        raise mtv.TrainingDiverged("loss is nan")

    monkeypatch.setattr(mtv, "train", diverged)
    job = Job(mtv.SHOES, "trial,raw_scale,3", 0, SETTINGS["raw_scale"])
    mtv.do(job, where)
    (kept,) = records.load(where["results"], arm=job.arm)
    assert (kept.metrics, kept.extra["val_map"]) == ({}, 0.0)
    assert kept.extra["settings"] == SETTINGS["raw_scale"]


def test_centring_takes_the_training_means_of_each_domain_away(shoes):
    found = mtv.search_untrained("trunk_centred", shoes, "smoke")
    stem, model = mtv.network("smoke")
    data, rows = Bench(shoes, stem), shoes.where(split="train")
    vectors = mtv.features(data, model, rows)
    sides = [shoes.where(split=split) for split in ("query", "gallery")]
    for side, domain, seen in zip(sides, (STREET, SHOP), (found.query, found.gallery), strict=True):
        moved = mtv.features(data, model, side) - vectors[rows.domain == domain].mean(0)
        np.testing.assert_allclose(seen, moved, atol=1e-3)


def test_random_triplets_of_validation_are_a_loop_and_a_quarter_where_all_is_one_point(shoes):
    stem, model = mtv.network("smoke")
    data = mtv.ByDistance(shoes, stem)
    model.length.fill_(0)
    assert mtv.loss_of_random_triplets(data, model) == pytest.approx(0.25)
    model.length.fill_(1)
    mtv.set_length(data, model, 2.5)
    assert 0.1 < mtv.loss_of_random_triplets(data, model) < 0.5


# The paper's own sizes


def test_paper_scale_has_the_papers_network_queries_and_gallery():
    plan = mtv.budget(mtv.SHOES, "paper")
    assert plan["items"][0] == 3130
    assert plan["size"] == 224
    whole = mtv.load_whole(mtv.SHOES, "paper")
    counts = {part: len(whole.where(split=part)) for part in ("query", "gallery")}
    assert counts == {"query": 4_400, "gallery": 25_000}
    assert np.isin(whole.where(split="query").item, whole.where(split="gallery").item).all()


def test_vgg_ends_with_the_activation_of_conv5_3(downloaded):
    downloaded("vgg16")
    stem, model = mtv.network("gpu", 0, (3, 4))
    pictures = torch.zeros((2, 3, 64, 64), dtype=torch.uint8)
    with torch.no_grad():
        maps = model.tail(stem(pictures))
        embedded, logits = model(stem(pictures), 1)
    assert maps.shape == (2, 512, 4, 4)  # 1/16 of the side: the last pool is left out
    assert maps.min() >= 0
    assert embedded.shape == (2, 512)
    assert [z.shape for z in logits] == [(1, 3), (1, 4)]
