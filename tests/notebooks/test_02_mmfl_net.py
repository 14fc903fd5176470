"""Chapter 02: network, losses and arms of MMFL-style, against loops, limits and the library."""

import math

import numpy as np
import pytest
import torch
from pytorch_metric_learning import distances, miners, reducers
from pytorch_metric_learning.losses import TripletMarginLoss
from torch.nn import functional as F

from fashret_utils import chapters, retrieval
from fashret_utils.data.batches import Batches
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.evidence.records import Record
from fashret_utils.models import backbones
from fashret_utils.models.levels import feature_maps
from fashret_utils.training import Run

mmfl = chapters.definitions("02_mmfl_net")
CHANNELS = (8, 16, 32)
NETWORKS = {name: s["network"] for name, s in mmfl.arms().items()}


def trunk(width=4):
    return feature_maps(backbones.small(width=width), (2, 3, 4), last_stride=1)


def levels(size=8, seed=0):
    """Random C3, C4, C5; C4 and C5 have half the size."""
    generator = torch.Generator().manual_seed(seed)
    sides = (size, -(-size // 2), -(-size // 2))
    return [
        torch.rand(2, c, s, s, generator=generator) for c, s in zip(CHANNELS, sides, strict=True)
    ]


def batch(items=4, pictures=4, dim=6, seed=0):
    """Features (B, dim) float64, items (B,), domains (B,), in no particular order."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(items * pictures, generator=generator)
    features = torch.randn(len(order), dim, generator=generator, dtype=torch.float64)
    return features, (order // pictures), (order % pictures) % 2


# Fusion


@pytest.mark.parametrize("size", [5, 8, 11, 12])
@pytest.mark.parametrize("fusion", mmfl.FUSIONS)
def test_fusion_keeps_the_shape_of_c5_at_every_size(fusion, size):
    maps = levels(size)
    module = mmfl.BidirectionalFusion(CHANNELS, 8, fusion)
    assert module(*maps).shape == maps[2].shape


@pytest.mark.parametrize(
    ("fusion", "arrows"),
    [
        ("top-down", {"T5": "5", "T4": "45", "T3": "345", "B5": "5", "B4": "45"}),
        ("both", {"T5": "5", "T4": "45", "T3": "345", "B5": "345", "B4": "345"}),
    ],
)
def test_each_switch_makes_exactly_its_arrows(fusion, arrows):
    module = mmfl.BidirectionalFusion(CHANNELS, 8, fusion).eval()
    maps = [m.requires_grad_() for m in levels()]
    paths = module.paths(*maps)
    for name, sources in arrows.items():
        slopes = torch.autograd.grad(
            paths[name].square().sum(), maps, retain_graph=True, allow_unused=True
        )
        felt = "".join(
            str(i) for i, s in zip((3, 4, 5), slopes, strict=True) if s is not None and s.any()
        )
        assert felt == sources, name


def test_no_fusion_is_c5_and_has_no_weights():
    module = mmfl.BidirectionalFusion(CHANNELS, 8, "none")
    maps = levels()
    assert module(*maps) is maps[2]
    assert not list(module.parameters())


def test_both_adds_the_upward_convolutions_and_nothing_else():
    names = {
        fusion: {n.rsplit(".", 2)[0] for n, _ in module.named_parameters()}
        for fusion in mmfl.FUSIONS
        for module in [mmfl.BidirectionalFusion(CHANNELS, 8, fusion)]
    }
    assert names["both"] - names["top-down"] == {"paths.g.B4", "paths.g.B5"}
    assert names["top-down"] < names["both"]


@pytest.mark.parametrize("fusion", mmfl.FUSIONS[1:])
def test_with_the_paths_at_zero_fusion_is_the_residual(fusion):
    module = mmfl.BidirectionalFusion(CHANNELS, 8, fusion).eval()
    torch.nn.init.normal_(module.output.weight)
    maps = [m - 0.5 for m in levels()]
    assert not torch.allclose(module(*maps), F.relu(maps[2]))
    with torch.no_grad():
        for p in module.paths.parameters():
            p.zero_()
    torch.testing.assert_close(module(*maps), F.relu(maps[2]))


def test_fusion_is_its_equation():
    module = mmfl.BidirectionalFusion(CHANNELS, 8).eval()
    torch.nn.init.normal_(module.output.weight)
    paths, (c3, c4, c5) = module.paths, levels()
    l3, l4, l5 = (layer(c) for layer, c in zip(paths.lateral, (c3, c4, c5), strict=True))
    t4 = paths.f["T4"](l4 + l5)
    t3 = paths.f["T3"](l3 + t4.repeat_interleave(2, 2).repeat_interleave(2, 3))
    down = paths.down(t3)
    b4 = paths.g["B4"](l4 + t4 + down)
    b5 = paths.g["B5"](l5 + l5 + b4)
    expected = F.relu(module.output(torch.cat([b5, b4, down], 1)) + c5)
    torch.testing.assert_close(module(c3, c4, c5), expected)


def test_an_unknown_fusion_is_refused():
    with pytest.raises(ValueError, match="fusion = 'up': expected one of none, top-down, both"):
        mmfl.BidirectionalFusion(CHANNELS, 8, "up")


# Branches and network


def test_generalised_mean_lies_between_mean_and_maximum():
    x = torch.rand(2, 3, 4, 5)
    torch.testing.assert_close(mmfl.GeneralisedMean(1.0)(x), x.mean((-2, -1)))
    found = [mmfl.GeneralisedMean(p)(x) for p in (1.0, 3.0, 200.0)]
    assert (found[0] < found[1]).all()
    torch.testing.assert_close(found[2], x.amax((-2, -1)), rtol=0.03, atol=0)


@pytest.mark.parametrize(("cells", "count"), [(None, 0), ((2, 1), 2), ((3, 1), 3), ((2, 2), 4)])
@pytest.mark.parametrize("size", [(4, 4), (5, 3), (7, 7)])
def test_branches_pool_the_whole_and_their_cells(cells, count, size):
    branch = mmfl.Branch(32, cells).eval()
    x = torch.rand(2, 32, *size)
    whole, *parts = branch(x)  # the bottleneck starts as the identity
    assert [p.shape for p in parts] == [(2, 32)] * count
    top = x.amax((-2, -1))
    torch.testing.assert_close(whole, top + branch.mean(x) if cells is None else top)
    if cells == (2, 1) and size == (4, 4):
        torch.testing.assert_close(parts[1], x[:, :, 2:].mean((-2, -1)))
    if cells == (2, 2) and size == (4, 4):
        torch.testing.assert_close(parts[1], x[:, :, :2, 2:].mean((-2, -1)))


@pytest.mark.parametrize("name", sorted(NETWORKS))
@pytest.mark.parametrize("size", [28, 45])
def test_every_network_embeds_every_size_with_length_one(name, size):
    torch.manual_seed(0)
    net = mmfl.MMFLNet(trunk(), 16, **NETWORKS[name])
    vectors = net(torch.rand(3, 3, size, size))
    assert [v.shape[1] for v in vectors.before] == list(net.lengths.values())
    e = net.eval()(torch.rand(3, 3, size, size))
    assert e.shape == (3, sum(net.lengths.values()))
    torch.testing.assert_close(e.norm(dim=1), torch.ones(3))


def test_the_sizes_of_the_literature():
    assert mmfl.layout(mmfl.CELLS, mmfl.CELLS, 512) == {
        "global": 512,
        **dict.fromkeys(("part", "part,1", "part,2"), 256),
        **dict.fromkeys(("local", "local,1", "local,2", "local,3"), 256),
    }
    assert mmfl.layout(["global"], mmfl.CELLS, 512, wide=True) == {"global": 2304}


def test_the_similarity_is_the_mean_of_the_vectors_cosines_and_branches_are_slices():
    torch.manual_seed(0)
    net = mmfl.MMFLNet(trunk(), 16).eval()
    images = torch.rand(2, 3, 32, 32)
    e, after = net(images), net.vectors(images).after
    cosines = torch.stack([F.cosine_similarity(v[0], v[1], dim=0) for v in after])
    torch.testing.assert_close(e[0] @ e[1], cosines.mean())
    places = mmfl.slices(net.lengths)
    names = list(net.lengths)
    for name in mmfl.CELLS:
        mine = [i for i, n in enumerate(names) if n.partition(",")[0] == name]
        alone = F.normalize(e[:, places[name]], dim=1)
        torch.testing.assert_close(alone[0] @ alone[1], cosines[mine].mean())
    order = [places[name] for name in ("global", "part", "local")]
    assert [order[0].start, order[1].start, order[2].start] == [0, order[0].stop, order[1].stop]
    assert order[2].stop == e.shape[1]


@pytest.mark.parametrize("width", [4, 16])
def test_the_wide_control_is_as_large_as_the_whole(width):
    whole, wide = (
        mmfl.MMFLNet(trunk(width), 64, **NETWORKS[name])
        for name in ("both+part+local", "wide-global")
    )
    assert sum(wide.lengths.values()) == sum(whole.lengths.values())
    ratio = backbones.parameters(wide) / backbones.parameters(whole)
    assert ratio == pytest.approx(1, abs=0.01)


def test_fusion_and_branches_start_as_the_identity():
    images = torch.rand(2, 3, 32, 32)
    pooled = []
    for name in ("backbone", "both"):
        net = mmfl.MMFLNet(trunk(), 16, **NETWORKS[name]).eval()
        pooled.append(net.branches[0](net.fusion(*net.trunk(images)))[0])
    torch.testing.assert_close(*pooled)


# Heads


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.3])
def test_item_loss_is_the_smoothed_cross_entropy_and_the_librarys(smoothing):
    torch.manual_seed(0)
    logits = [torch.randn(5, 7, dtype=torch.float64) for _ in range(3)]
    items = torch.tensor([0, 6, 2, 2, 5])
    total = 0.0
    for each in logits:
        for row, item in zip(each.log_softmax(1).tolist(), items.tolist(), strict=True):
            q = [smoothing / 7 + (1 - smoothing) * (j == item) for j in range(7)]
            total -= sum(a * b for a, b in zip(q, row, strict=True)) / 15
    found = mmfl.item_loss(logits, items, smoothing)
    assert found.item() == pytest.approx(total, rel=1e-12)
    library = torch.nn.CrossEntropyLoss(label_smoothing=smoothing)
    torch.testing.assert_close(found, sum(library(each, items) for each in logits) / 3)


def test_attribute_loss_is_the_loop_over_known_answers():
    torch.manual_seed(0)
    sizes, codes = (3, 2, 4), torch.tensor([[2, 0, -1], [-1, 1, 3], [0, -1, -1]])
    logits = torch.randn(3, 9, dtype=torch.float64)
    losses = []
    for row, answer in zip(logits.tolist(), codes.tolist(), strict=True):
        place = 0
        for size, code in zip(sizes, answer, strict=True):
            for value in range(size):
                if code >= 0:
                    z = row[place + value]
                    p = 1 / (1 + math.exp(-z))
                    losses.append(-math.log(p if value == code else 1 - p))
            place += size
    found = mmfl.attribute_loss(logits, codes.short(), sizes)
    assert found.item() == pytest.approx(sum(losses) / 5, rel=1e-9)  # 5 known attributes


def test_unknown_attributes_give_no_gradient_and_change_nothing():
    torch.manual_seed(0)
    sizes, codes = (3, 2), torch.tensor([[2, -1], [-1, 1], [-1, -1]])
    logits = torch.randn(3, 5, requires_grad=True)
    loss = mmfl.attribute_loss(logits, codes, sizes)
    (gradient,) = torch.autograd.grad(loss, logits)
    known = mmfl.questions(codes, sizes)[1]
    assert (gradient[known] != 0).all()
    assert (gradient[~known] == 0).all()
    moved = torch.where(known, logits, logits + 7)
    assert mmfl.attribute_loss(moved, codes, sizes) == loss
    none = mmfl.attribute_loss(logits, torch.full_like(codes, -1), sizes)
    assert none == 0


# Triplet losses


def triplet_by_loop(variant, features, items, domains, margin=0.3, absolute=0.1, share=0.5):
    """One anchor after the other, with square roots and sums."""
    form, across = mmfl.VARIANTS[variant]
    n, rows = len(items), features.tolist()
    losses = []
    for a in range(n):
        groups = []
        for same in (True, False):
            group = [j for j in range(n) if j != a and (items[j] == items[a]).item() == same]
            crossing = [j for j in group if domains[j] != domains[a]]
            groups.append(crossing if across and crossing else group)
        positive, negative = ([(math.dist(rows[a], rows[j]), j) for j in g] for g in groups)
        if form == "weighted":
            means = []
            for sign, group in ((1, positive), (-1, negative)):
                w = [math.exp(sign * d) for d, _ in group]
                means.append(sum(x * d for x, (d, _) in zip(w, group, strict=True)) / sum(w))
            losses.append(math.log1p(math.exp(means[0] - means[1])))
            continue
        d_p, (d_n, j) = max(positive)[0], min(negative)
        if form == "elements":
            squared = sorted(((x - y) ** 2 for x, y in zip(rows[a], rows[j], strict=True)))
            d_n = math.sqrt(sum(squared[-round(share * len(squared)) :]))
        soft = math.log1p(math.exp(d_p - d_n))
        hinge = max(0.0, margin + d_p - d_n)
        losses.append({"soft": soft, "absolute": hinge + absolute * d_p}.get(form, hinge))
    return sum(losses) / n


@pytest.mark.parametrize("variant", mmfl.VARIANTS)
@pytest.mark.parametrize("shape", [(4, 4), (2, 2), (5, 3)])
def test_every_variant_is_its_loop(variant, shape):
    data = batch(*shape)
    found = mmfl.ImprovedTriHardLoss(variant)(*data)
    assert found.item() == pytest.approx(triplet_by_loop(variant, *data), rel=1e-9)


@pytest.mark.parametrize("margin", [0.0, 0.3, 2.0])
def test_t0_is_the_librarys_batch_hard_triplet(margin):
    features, items, domains = batch(5, 4)
    euclidean = distances.LpDistance(normalize_embeddings=False)
    library = TripletMarginLoss(margin, distance=euclidean, reducer=reducers.MeanReducer())
    mined = miners.BatchHardMiner(distance=euclidean)(features, items)
    found = mmfl.ImprovedTriHardLoss("T0", margin)(features, items, domains)
    torch.testing.assert_close(found, library(features, items, mined))


def test_with_one_positive_and_one_negative_t3_is_t1():
    features, items, domains = batch(2, 2)  # a street and a shop picture of two items
    masks = mmfl.candidates(items, domains, across=True)
    assert all((mask.sum(1) == 1).all() for mask in masks)
    distance = torch.cdist(features, features)
    p, n = (distance.gather(1, i[:, None]) for i in mmfl.hardest(distance, *masks))
    found = mmfl.ImprovedTriHardLoss("T3+T4")(features, items, domains)
    torch.testing.assert_close(found, F.softplus(p - n).mean())


def test_pairs_cross_the_domains_wherever_they_can():
    _, items, domains = batch(4, 4)
    for mask in mmfl.candidates(items, domains, across=True):
        assert mask.any(1).all()
        assert (domains[:, None] != domains)[mask].all()
    lonely = torch.where(items == 2, STREET, domains)  # item 2 has street pictures only
    positive, negative = mmfl.candidates(items, lonely, across=True)
    mine = items == 2
    assert (positive[mine].sum(1) == 3).all()
    assert (lonely[:, None] != lonely)[positive & ~mine[:, None]].all()
    assert (lonely[:, None] != lonely)[negative].all()


def test_t5_pushes_only_the_elements_that_differ():
    a = torch.zeros(1, 4, dtype=torch.float64)
    b = torch.tensor([[3.0, 0.1, 4.0, 0.2]], dtype=torch.float64, requires_grad=True)
    found = mmfl.most_different(a, b, 0.5)
    assert found.item() == pytest.approx(5)
    (gradient,) = torch.autograd.grad(found.sum(), b)
    torch.testing.assert_close(gradient, torch.tensor([[0.6, 0, 0.8, 0]], dtype=torch.float64))


@pytest.mark.parametrize("variant", mmfl.VARIANTS)
def test_gradients_of_every_variant(variant):
    features, items, domains = batch(3, 3)
    criterion = mmfl.ImprovedTriHardLoss(variant)
    inputs = (features.requires_grad_(),)
    assert torch.autograd.gradcheck(lambda f: criterion(f, items, domains), inputs)
    equal = torch.zeros(6, 3, requires_grad=True)  # all pictures alike: no NaN
    criterion(equal, torch.arange(6) // 3, torch.arange(6) % 2).backward()
    assert equal.grad.isfinite().all()


def test_batches_without_triplets_are_refused():
    features, items, domains = batch(3, 2)
    criterion = mmfl.ImprovedTriHardLoss()
    with pytest.raises(
        ValueError, match=r"pictures of 6 items have no positive.*0, 1, 2, 3, 4, \."
    ):
        criterion(features, torch.arange(6), domains)
    with pytest.raises(ValueError, match=r"pictures of 1 items have no negative in the batch: 0"):
        criterion(features, 0 * items, domains)
    with pytest.raises(ValueError, match=r"variant = 'T9': expected one of T0, T1"):
        mmfl.ImprovedTriHardLoss("T9")


# All of it


def objective(settings, lengths, n_items=4, sizes=(3, 2)):
    return mmfl.Objective(lengths, n_items, list(sizes), **settings["loss"])


@pytest.mark.parametrize("arm", sorted(mmfl.arms()))
def test_every_arm_trains_its_network_and_its_heads(arm):
    torch.manual_seed(0)
    settings = mmfl.arms()[arm]
    net = mmfl.MMFLNet(trunk(), 16, **settings["network"])
    criterion = objective(settings, net.lengths)
    items, domains = torch.arange(16) // 4, torch.arange(16) % 2
    codes = torch.randint(-1, 2, (16, 2))
    parts = criterion(net(torch.rand(16, 3, 32, 32)), items, domains, codes)
    expected = {"id": True, "triplet": bool(settings["loss"]["triplet"])}
    expected |= {"center": "beta" in settings["loss"], "attributes": "gamma" in settings["loss"]}
    assert list(parts) == [name for name, there in expected.items() if there]
    sum(parts.values()).backward()
    still = [n for n, p in net.named_parameters() if p.requires_grad and p.grad is None]
    assert not still
    assert all(p.grad is not None for p in criterion.parameters())


def test_the_objective_is_the_weighted_sum_of_its_parts():
    torch.manual_seed(0)
    lengths = mmfl.layout(mmfl.CELLS, mmfl.CELLS, 8)
    vectors = mmfl.Vectors(*([torch.randn(8, d) for d in lengths.values()] for _ in range(2)))
    items, domains = torch.arange(8) // 4, torch.arange(8) % 2
    codes = torch.randint(-1, 2, (8, 2))
    criterion = mmfl.Objective(lengths, 2, [3, 2], "T3+T4", beta=0.5, gamma=2.0)
    parts = criterion(vectors, items, domains, codes)
    triplet = mmfl.ImprovedTriHardLoss()
    whole = [triplet(vectors.before[i], items, domains) for i in (0, 1, 4)]
    torch.testing.assert_close(parts["triplet"], sum(whole) / 3)
    squared = vectors.before[0].square().sum() / 16  # centres start at zero
    torch.testing.assert_close(parts["center"], 0.5 * squared)
    logits = criterion.attributes(vectors.after[0])
    expected = 2 * mmfl.attribute_loss(logits, codes, [3, 2])
    torch.testing.assert_close(parts["attributes"], expected)


def test_without_attributes_there_is_no_attribute_head():
    criterion = mmfl.Objective({"global": 8}, 2, [], "T0", gamma=0.5)
    assert criterion.attributes is None


@pytest.fixture(scope="module")
def garments():
    return mmfl.load_data("wardrobe-garments", "smoke")


def test_batches_of_the_recipe_hold_both_domains_of_every_item(garments):
    plan = mmfl.budget("wardrobe-garments", "smoke")
    rows = garments.where(split="train")
    shape = {key: plan[key] for key in ("items", "pictures")}
    for b in Batches(rows, plan["size"], **shape, steps=6, augment=None):
        assert len(b) == plan["items"] * plan["pictures"]
        for item in b.items.unique():
            assert set(b.domains[b.items == item].tolist()) == {STREET, SHOP}


@pytest.mark.parametrize("arm", ["mmfl", "strong-baseline", "dml"])
def test_heads_start_at_the_mean_directions_of_their_items(garments, arm):
    torch.manual_seed(0)
    rows, plan = garments.where(split="train"), mmfl.budget("wardrobe-garments", "smoke")
    settings = mmfl.arms(reading=mmfl.dml.choose([])["dml_id"])[arm]
    net, criterion = mmfl.build(settings, backbones.small(width=4), (2, 3, 4), rows, plan)
    mmfl.start_heads(net, criterion, rows, plan["size"], "cpu")
    heads = [criterion.loss.loss] if arm == "dml" else criterion.heads
    embedded = torch.from_numpy(retrieval.embed(net, rows, plan["size"]))
    parts = embedded.split(list(net.lengths.values()), dim=1)
    first = np.unique(rows.item)[0]
    for head, vectors in zip(heads, parts, strict=True):
        mean = vectors[torch.from_numpy(rows.item == first)].mean(0)
        torch.testing.assert_close(head.weight[0].detach(), F.normalize(mean, dim=0))
    if arm == "mmfl":  # "sleeve: long" is the last question of the sixth attribute
        said = criterion.attributes(torch.randn(1, plan["dim"])).sigmoid()[0]
        place = sum(criterion.sizes[:6]) - 1
        sleeves = rows.attributes[rows.attributes[:, 5] >= 0, 5]
        assert said[place].item() == pytest.approx((sleeves == 4).mean(), abs=1e-5)


def test_mmfl_overfits_eight_items(garments, tmp_path):
    rows = garments.where(split="train")
    rows = rows.where(item=np.unique(rows.item)[::3].tolist())
    run = Run(
        "02_mmfl_net", data="d", arm="a", scale="smoke", seed=0, results=tmp_path, progress=False
    )
    plan = {"dim": 32}
    settings = mmfl.arms()["mmfl"]
    net, criterion = mmfl.build(settings, backbones.small(width=8), (2, 3, 4), rows, plan)
    shape = {"size": 32, "items": 8, "pictures": 4, "steps": 80, "rate": 5e-3, "seed": 0}
    mmfl.fit(run, net, criterion, rows, **shape)
    query, gallery = (rows.where(domain=domain) for domain in (STREET, SHOP))
    embedded = [retrieval.embed(net, side, 32) for side in (query, gallery)]
    found = retrieval.evaluate(*embedded, query.item, gallery.item, k=1, bootstrap=0)
    assert found.metrics["hit@1"] == 1
    loss = run.history["loss"]
    assert loss.iloc[-1] < 0.5 * loss.iloc[0]


# Arms and measures


def test_the_ladder_changes_one_thing_a_step():
    arms = mmfl.arms(margin=1.0, beta=0.1, gamma=0.2)

    def changed(a, b):
        flat = [{**arms[n]["network"], **arms[n]["loss"]} for n in (a, b)]
        return sorted(k for k in {*flat[0], *flat[1]} if flat[0].get(k) != flat[1].get(k))

    assert changed("backbone", "top-down") == changed("top-down", "both") == ["fusion"]
    assert changed("both", "both+part") == changed("both+part", "both+part+local") == ["branches"]
    assert changed("both+part+local", "id+t3+t4+center") == ["beta"]
    assert changed("id+t3+t4+center", "mmfl") == ["gamma"]
    assert changed("both+part+local", "unfused") == ["fusion"]
    assert changed("both+part+local", "grid") == ["cells"]
    assert changed("id", "id+t0") == ["margin", "triplet"]
    assert changed("both+part+local", "wide-global") == ["branches", "wide"]


def record(arm, chapter="02_mmfl_net", **extra):
    names = {"chapter": chapter, "data": "d", "arm": arm, "scale": "smoke", "seed": 0}
    return Record(**names, metrics={}, intervals={}, counts={}, extra=extra)


def test_numbers_are_chosen_on_validation_alone():
    defaults = {"margin": 0.3, "beta": 5e-4, "gamma": 0.5, "rate": 1.0}
    assert mmfl.choose([]) == defaults
    tried = mmfl.trials(mmfl.dml.choose([])["dml_id"])
    assert len(tried) == 12
    assert tried["trial,rate,0.1"]["rate"] == 0.1
    assert tried["trial,beta,0.05"]["loss"]["beta"] == 0.05
    scores = {0.3: 0.1, 0.1: 0.3, 1.0: 0.2}
    found = [record(f"trial,margin,{v:g}", val_map=s) for v, s in scores.items()]
    assert mmfl.choose(found) == defaults | {"margin": 0.1}


def test_dml_stands_with_its_better_reading():
    found = [record(a, "01_dml", val_map=v) for a, v in (("dml_pair", 0.2), ("dml_id", 0.3))]
    assert mmfl.best_of_dml(found)["loss"] == "two-margin"
    assert mmfl.best_of_dml(found[:1])["loss"] == "pair"


def test_the_recipe_warms_up_and_falls_twice():
    layer = torch.nn.Linear(2, 2)
    optimizer, schedule = mmfl.recipe([layer], 1.0, 120)
    rates = []
    for _ in range(120):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates[0] == pytest.approx(0.1)
    assert rates[10:72] == pytest.approx([1.0] * 62)
    assert rates[72:102] == pytest.approx([0.1] * 30)
    assert rates[102:] == pytest.approx([0.01] * 18)


def test_compactness_is_the_loop():
    generator = np.random.default_rng(0)
    query, gallery = (generator.normal(size=(n, 4)) for n in (6, 9))
    query, gallery = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (query, gallery))
    q_items, g_items = np.arange(6) % 3, np.arange(9) % 3
    own, nearest = [], []
    for q, item in zip(query, q_items, strict=True):
        away = [(math.dist(q, g), other) for g, other in zip(gallery, g_items, strict=True)]
        own += [d for d, other in away if other == item]
        nearest.append(min(d for d, other in away if other != item))
    found = mmfl.compactness(query, gallery, q_items, g_items)
    assert found == pytest.approx(np.mean(own) / np.mean(nearest))


def test_views_are_slices_and_projections_of_one_length():
    generator = np.random.default_rng(0)
    lengths = mmfl.layout(mmfl.CELLS, mmfl.CELLS, 8)
    net = type("Net", (), {"lengths": lengths})
    draw = [generator.normal(size=(n, sum(lengths.values()))) for n in (40, 6, 7)]
    found = mmfl.views(net, *draw, dim=8, seed=0)
    assert list(found) == ["global", "part", "local", "pca", "random"]
    assert [q.shape[1] for q, _ in found.values()] == [8, 12, 16, 8, 8]
    assert np.array_equal(found["global"][1], draw[2][:, :8])
    only = type("Net", (), {"lengths": {"global": 36}})
    assert list(mmfl.views(only, *draw, dim=8, seed=0)) == ["pca", "random"]


def test_cost_counts_multiplications_and_additions():
    net = mmfl.MMFLNet(trunk(), 16, fusion="none", branches=["global"])
    found = mmfl.cost(net, 32, "cpu")
    assert found["net_parameters"] == backbones.parameters(net)
    expected, x = 0, torch.zeros(1, 3, 32, 32)
    shapes = []
    hooks = [
        m.register_forward_hook(lambda m, _, y: shapes.append((m, y.shape)))
        for m in net.modules()
        if isinstance(m, (torch.nn.Conv2d, torch.nn.Linear))
    ]
    net.eval()(x)
    for hook in hooks:
        hook.remove()
    for m, shape in shapes:
        places = shape[-1] * shape[-2] if len(shape) == 4 else 1
        expected += 2 * m.weight.numel() * places
    assert found["flops"] == expected
