"""Chapter 02: networks of equal size, losses and arms, against loops, limits and the library."""

import itertools
import math

import numpy as np
import pytest
import torch
from pytorch_metric_learning import distances, miners, reducers
from pytorch_metric_learning.losses import TripletMarginLoss
from torch import nn
from torch.nn import functional as F
from tried import all_tried

from fashret_utils import chapters, retrieval
from fashret_utils.data import SHOP, STREET
from fashret_utils.evidence import records
from fashret_utils.evidence.claims import ledger as ledgers
from fashret_utils.evidence.records import Record
from fashret_utils.evidence.statistics.gates import drift
from fashret_utils.models import trunk
from fashret_utils.training import Bench, Job, Search
from fashret_utils.training.beginnings import one_of_each
from fashret_utils.training.benches.passes import outputs
from fashret_utils.training.history import History
from fashret_utils.training.measures import operations, weights

mmfl = chapters.definitions("02_mmfl_net")
CHANNELS = (8, 16, 32)


class Given(nn.Module):
    """A tail that hands the three maps on, as they are given, with one weight to train."""

    def __init__(self, channels=CHANNELS):
        super().__init__()
        self.channels, self.gain = channels, nn.Parameter(torch.ones(()))

    def forward(self, maps):
        return (*maps[:-1], self.gain * maps[-1])


def levels(size=12, seed=0, count=2):
    """Random C3, C4, C5; C4 and C5 have half the size."""
    generator = torch.Generator().manual_seed(seed)
    sides = (size, -(-size // 2), -(-size // 2))
    return [
        torch.randn(count, c, s, s, generator=generator)
        for c, s in zip(CHANNELS, sides, strict=True)
    ]


def network(name="both+part+local", dim=90, seed=0, moved=True):
    """A small network; `moved`: with weights that no longer hide what starts as zero."""
    net = mmfl.MMFLNet(Given(), dim, mmfl.SHAPES[name], seed)
    if moved:
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for weight in net.parameters():
                weight += 0.1 * torch.randn(weight.shape, generator=generator)
    return net


def batch(items=4, pictures=4, dim=6, seed=0):
    """Features (B, dim) float64, items (B,), domains (B,), in no particular order."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(items * pictures, generator=generator)
    features = torch.randn(len(order), dim, generator=generator, dtype=torch.float64)
    return features, (order // pictures), (order % pictures) % 2


# Maps of three scales


def test_the_last_map_has_rows_that_two_and_three_stripes_divide():
    stem, tail = mmfl.scales(*mmfl.whole_trunk("full"))
    shapes = [m.shape for m in tail(stem(torch.zeros(1, 3, 96, 96, dtype=torch.uint8)))]
    assert [tuple(shape[1:]) for shape in shapes] == [(40, 12, 12), (112, 6, 6), (320, 6, 6)]
    x = torch.arange(6.0).reshape(1, 1, 6, 1).expand(1, 1, 6, 6)
    for name, rows in (("part", (1, 4)), ("local", (0.5, 2.5, 4.5))):
        cells = F.adaptive_avg_pool2d(x, mmfl.CELLS[name])
        assert cells.flatten().tolist() == list(rows)  # no row in two stripes


def test_the_trunk_without_its_stride_still_sees_what_it_saw():
    pictures = torch.randint(0, 256, (2, 3, 96, 96), dtype=torch.uint8)
    whole = mmfl.whole_trunk("full")[0]
    with torch.no_grad():
        small = trunk("lite0").giving(["block15"])(pictures)
        large = whole.giving(["block15"])(pictures)
    torch.testing.assert_close(large[:, :, 1::2, 1::2], small, atol=1e-4, rtol=1e-4)


# Fusion


@pytest.mark.parametrize("size", [5, 8, 12])
@pytest.mark.parametrize("fusion", mmfl.PATHS)
def test_fusion_keeps_the_shape_of_c5_and_starts_as_c5(fusion, size):
    maps = levels(size)
    found = mmfl.Fusion(CHANNELS, fusion)(*maps)
    assert torch.equal(found, maps[2])


ARROWS = {
    "levels": {"3": "3", "4": "4", "5": "5"},
    "top-down": {"3": "345", "4": "45", "5": "5"},
    "bottom-up": {"3": "3", "4": "34", "5": "345"},
    "both": {"3": "345", "4": "345", "5": "345"},
}


@pytest.mark.parametrize("fusion", ARROWS)
def test_each_switch_makes_exactly_its_arrows(fusion):
    module = mmfl.Fusion(CHANNELS, fusion).eval()
    maps = [m.requires_grad_() for m in levels()]
    for name, read in zip("345", module.paths(*maps), strict=True):
        slopes = torch.autograd.grad(
            read.square().sum(), maps, retain_graph=True, allow_unused=True
        )
        felt = "".join(
            i for i, slope in zip("345", slopes, strict=True) if slope is not None and slope.any()
        )
        assert felt == ARROWS[fusion][name], name


def test_fused_arms_differ_in_arrows_and_hardly_in_weights():
    made = {name: mmfl.Fusion(CHANNELS, name) for name in mmfl.PATHS}
    layers = {name: set(module.paths.layers) for name, module in made.items()}
    assert layers["levels"] == layers["top-down"]
    assert layers["both"] == layers["bottom-up"] == layers["levels"] | {"down"}
    for name, module in made.items():
        state, whole = module.state_dict(), made["both"].state_dict()
        assert all(torch.equal(value, whole[key]) for key, value in state.items()), name


def test_fusion_is_its_equation():
    module = mmfl.Fusion(CHANNELS, "both").eval()
    nn.init.normal_(module.output.weight)
    layer, (c3, c4, c5) = module.paths.layers, levels()
    l3, l4, l5 = (layer[f"L{i}"](c) for i, c in zip((3, 4, 5), (c3, c4, c5), strict=True))
    t4 = layer["T4"](l4 + l5)
    t3 = layer["T3"](l3 + t4.repeat_interleave(2, 2).repeat_interleave(2, 3))
    b4 = layer["B4"](l4 + t4 + layer["down"](t3))
    b5 = layer["B5"](l5 + l5 + b4)
    expected = module.output(torch.cat([b5, b4, F.avg_pool2d(t3, 2)], 1)) + c5
    torch.testing.assert_close(module(c3, c4, c5), expected)


def test_an_unknown_fusion_is_refused():
    with pytest.raises(ValueError, match="fusion = 'up': expected none, levels, top-down"):
        mmfl.Fusion(CHANNELS, "up")


# Branches and network


@pytest.mark.parametrize(("cells", "count"), [(None, 0), ((2, 1), 2), ((3, 1), 3), ((2, 2), 4)])
@pytest.mark.parametrize("located", [True, False])
def test_branches_pool_the_whole_and_their_cells(cells, count, located):
    branch = mmfl.Branch("b", 32, cells, located).eval()
    x = torch.randn(2, 32, 6, 6)
    whole, *parts = branch(x)  # the bottleneck starts as zero
    assert [p.shape for p in parts] == [(2, 32)] * count
    torch.testing.assert_close(whole, x.amax((2, 3)) + x.mean((2, 3)))
    if not located:
        assert all(torch.equal(part, x.mean((2, 3))) for part in parts)
    elif cells == (2, 1):
        torch.testing.assert_close(parts[1], x[:, :, 3:].mean((2, 3)))
    elif cells == (2, 2):
        torch.testing.assert_close(parts[1], x[:, :, :3, 3:].mean((2, 3)))


def test_votes_are_the_whole_network_without_places():
    net, whole = network("votes"), network()
    assert net.lengths == whole.lengths
    assert {n: v.shape for n, v in net.state_dict().items()} == {
        n: v.shape for n, v in whole.state_dict().items()
    }


def test_all_networks_of_a_comparison_are_of_one_size():
    made = {name: mmfl.build(name, "full", 0)[1] for name in mmfl.SHAPES}
    whole = made[mmfl.WHOLE]
    maps = [torch.zeros(1, *shape) for shape in ((40, 12, 12), (112, 6, 6), (192, 6, 6))]
    cost = operations(whole, maps)
    for name, net in made.items():
        if name == "backbone":
            assert weights(net) < 0.7 * weights(whole)
            continue
        assert weights(net) == pytest.approx(weights(whole), rel=0.005), name
        assert operations(net, maps) == pytest.approx(cost, rel=0.05), name
        assert sum(net.lengths.values()) == 270, name
    compared = {told["network"] for told in mmfl.choose([]).values()}
    assert compared <= set(made)  # every arm, baselines too, has one of these networks
    for arm in ("strong-baseline", "cosface"):
        assert mmfl.SHAPES[mmfl.choose([])[arm]["network"]].equal


@pytest.mark.parametrize("pair", [*itertools.combinations(mmfl.SHAPES, 2)], ids=" and ".join)
def test_what_two_networks_share_starts_equal(pair):
    a, b = (network(name, 90, moved=False).state_dict() for name in pair)
    shared = [name for name, value in a.items() if name in b and b[name].shape == value.shape]
    assert any(name.startswith("branches.global_branch.body") for name in shared)
    for name in shared:
        assert torch.equal(a[name], b[name]), name
    named = {name for name in a if name in b and not name.startswith("necks")}
    fillers = {name for name in named if name.startswith("filler.")}
    assert named - fillers <= set(shared)  # nothing but a filler changes its shape


def test_a_seed_changes_what_is_drawn():
    a, b = (network(seed=seed, moved=False).state_dict() for seed in (0, 1))
    assert not torch.equal(
        a["necks.reduce.part_vector.weight"], b["necks.reduce.part_vector.weight"]
    )


@pytest.mark.parametrize("name", mmfl.SHAPES)
def test_every_network_embeds_with_length_one(name):
    net = network(name)
    vectors = net(levels(count=3))
    assert [v.shape[1] for v in vectors.before] == list(net.lengths.values())
    e = net.eval()(levels(count=3))
    torch.testing.assert_close(e.norm(dim=1), torch.ones(3))


def test_the_similarity_is_the_mean_of_the_vectors_cosines_and_branches_are_slices():
    net = network().eval()
    e, after = net(levels()), net.vectors(levels()).after
    cosines = torch.stack([F.cosine_similarity(v[0], v[1], dim=0) for v in after])
    torch.testing.assert_close(e[0] @ e[1], cosines.mean())
    places, names = mmfl.slices(net.lengths), list(net.lengths)
    assert list(places) == list(mmfl.CELLS)
    assert sum(place.stop - place.start for place in places.values()) == e.shape[1]
    for name in mmfl.CELLS:
        mine = [i for i, n in enumerate(names) if n.partition("-")[0] == name]
        alone = F.normalize(e[:, places[name]], dim=1)
        torch.testing.assert_close(alone[0] @ alone[1], cosines[mine].mean())


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


def objective(net, n_items=4, sizes=(3, 2), **told):
    return mmfl.make_criterion(net.lengths, n_items, list(sizes), network="", **told)


@pytest.mark.parametrize("arm", sorted(mmfl.choose([])))
def test_every_arm_trains_its_network_and_its_heads(arm):
    settings = mmfl.choose([])[arm]
    net = network(settings["network"])
    criterion = mmfl.make_criterion(net.lengths, 4, [3, 2], **settings)
    items, domains = torch.arange(16) // 4, torch.arange(16) % 2
    codes = torch.randint(-1, 2, (16, 2))
    parts = criterion(net(levels(count=16)), items, domains, codes)
    if arm == "cosface":
        assert list(parts) == ["cosface"]
    else:
        expected = {"id": True, "triplet": settings["triplet"] is not None}
        expected |= {"center": "beta" in settings, "attributes": "gamma" in settings}
        assert list(parts) == [name for name, there in expected.items() if there]
    sum(parts.values()).backward()
    still = [n for n, p in net.named_parameters() if p.requires_grad and p.grad is None]
    assert not still
    assert all(p.grad is not None for p in criterion.parameters())
    groups = mmfl.groups_of(net, criterion, 0.1)
    counted = sum(p.numel() for group in groups for p in group["params"])
    learnt = [p for module in (net, criterion) for p in module.parameters() if p.requires_grad]
    assert counted == sum(p.numel() for p in learnt)


def test_the_objective_is_the_weighted_sum_of_its_parts():
    torch.manual_seed(0)
    lengths = mmfl.layout(mmfl.CELLS, mmfl.CELLS, 36)
    vectors = mmfl.Vectors(*([torch.randn(8, d) for d in lengths.values()] for _ in range(2)))
    items, domains = torch.arange(8) // 4, torch.arange(8) % 2
    codes = torch.randint(-1, 2, (8, 2))
    told = {"triplet": "T3+T4", "beta": 0.5, "gamma": 2.0, "scale": 7.0}
    criterion = mmfl.Objective(lengths, 2, [3, 2], **told)
    parts = criterion(vectors, items, domains, codes)
    logits = [
        7 * head(v) / math.sqrt(v.shape[1])
        for head, v in zip(criterion.items.heads, vectors.after, strict=True)
    ]
    torch.testing.assert_close(parts["id"], mmfl.item_loss(logits, items))
    triplet = mmfl.ImprovedTriHardLoss()
    whole = [triplet(vectors.before[i], items, domains) for i in (0, 1, 4)]
    torch.testing.assert_close(parts["triplet"], sum(whole) / 3)
    squared = [v.square().sum() / 16 for v in vectors.before]  # from zero, not yet settled
    torch.testing.assert_close(parts["center"], 0.5 * sum(squared) / 8)
    read = criterion.attributes(vectors.after)
    torch.testing.assert_close(parts["attributes"], 2 * mmfl.attribute_loss(read, codes, [3, 2]))


def test_a_vector_of_any_length_starts_with_logits_of_one_size():
    torch.manual_seed(0)
    lengths = {"global": 40, "part": 400}
    vectors = [torch.randn(500, d) for d in lengths.values()]  # variance one, as after a neck
    criterion = mmfl.Objective(lengths, 50, [], scale=10.0)
    spread = []
    for head, v in zip(criterion.items.heads, vectors, strict=True):
        head.weight.data = F.normalize(torch.randn(50, v.shape[1]))
        own = F.normalize(v)
        head.weight.data[:50] = own[:50]
        spread.append((criterion.items.scale / v.shape[1] ** 0.5 * head(v[:50])).diag().mean())
    assert [value.item() for value in spread] == pytest.approx([10, 10], rel=0.03)


def test_without_attributes_there_is_no_attribute_head():
    assert mmfl.Objective({"global": 8}, 2, [], "T0", gamma=0.5).attributes is None


# The start


@pytest.fixture(scope="module")
def garments():
    return mmfl.load_data("wardrobe-garments", "smoke")


@pytest.fixture(scope="module")
def settled(garments):
    """The whole method, settled: network, criterion, its bench, vectors of some pictures."""
    stem, net = mmfl.build(mmfl.WHOLE, "smoke", 0)
    data = Bench(garments, stem)
    criterion = mmfl.criterion_for(mmfl.choose([])["mmfl"], net, data)
    some = one_of_each(garments.where(split="train"))
    net.eval()
    before = outputs(data, lambda maps: net.vectors(maps).before, some)
    after = outputs(data, lambda maps: net.vectors(maps).after, some)
    net.train()
    return net, criterion, data, some, before, after


def test_settled_vectors_scatter_alike_and_necks_know_it(settled):
    *_, before, after = settled
    for v, n in zip(before, after, strict=True):
        scatter = (v - v.mean(0)).square().sum(1).mean().sqrt()
        assert scatter.item() == pytest.approx(mmfl.RADIUS, rel=1e-3)
        torch.testing.assert_close(n.mean(0), torch.zeros(n.shape[1]), atol=1e-3, rtol=0)
        torch.testing.assert_close(n.var(0), torch.ones(n.shape[1]), atol=0.02, rtol=0)


def test_the_last_block_is_trained_and_the_stem_is_not(settled):
    net, criterion, data, *_ = settled
    batch = data.batches(items=6, pictures=4, steps=1).at(0)
    items = torch.searchsorted(torch.from_numpy(np.unique(numbers_of(data))), batch.items)
    parts = criterion(net(data.stem(batch)), items, batch.domains, batch.attributes.long())
    sum(parts.values()).backward()
    for name, weight in net.tail.named_parameters():
        assert weight.requires_grad, name
        assert weight.grad is not None, name
        assert weight.grad.abs().sum() > 0, name
    assert not any(weight.requires_grad for weight in data.stem.parameters())
    net.zero_grad()


def numbers_of(data):
    return data.catalog.where(split="train").item


def test_heads_and_centres_of_all_vectors_start_at_their_items_means(settled):
    _, criterion, _, some, before, after = settled
    numbers = np.unique(some.item)
    assert len(criterion.centers) == len(criterion.items.heads) == 8
    for place, number in ((0, numbers[0]), (-1, numbers[-1])):
        mine = torch.from_numpy(some.item == number)
        for head, n in zip(criterion.items.heads, after, strict=True):
            mean = F.normalize(n[mine].mean(0), dim=0)
            torch.testing.assert_close(head.weight[place].detach(), mean, atol=1e-4, rtol=1e-3)
        for center, v in zip(criterion.centers, before, strict=True):
            assert center.centers.abs().sum() > 0
            expected = v[mine].mean(0)
            torch.testing.assert_close(center.centers[place], expected, atol=1e-4, rtol=1e-3)


def test_the_attribute_head_starts_at_the_frequencies(settled):
    _, criterion, _, some, _, after = settled
    said = criterion.attributes(after).sigmoid()
    torch.testing.assert_close(said[0], said[-1])
    sleeves = some.attributes[:, some.attribute_names.index("sleeve")]
    place = sum(criterion.attributes.sizes[: some.attribute_names.index("sleeve")])
    for value in range(5):
        expected = (sleeves[sleeves >= 0] == value).mean()
        if 0 < expected < 1:
            assert said[0, place + value].item() == pytest.approx(expected, abs=1e-5)


def test_attributes_can_be_learnt_by_their_head():
    """What was not so in an earlier version: the head and its rate suffice to learn them."""
    torch.manual_seed(0)
    net = network(dim=90)
    criterion = mmfl.Objective(net.lengths, 8, [3, 2], gamma=2.0)
    maps, codes = levels(count=16), torch.stack([torch.arange(16) % 3, torch.arange(16) % 2], 1)
    mmfl.start_heads(
        criterion, mmfl.settle(net.necks, net.vectors(maps).before), torch.arange(16) // 2, codes
    )
    optimizer = torch.optim.AdamW(mmfl.groups_of(net, criterion, 1e-3))
    for _ in range(30):
        parts = criterion(net(maps), torch.arange(16) // 2, torch.arange(16) % 2, codes)
        sum(parts.values()).backward()
        optimizer.step()
        optimizer.zero_grad()
    assert (criterion.attributes.read(net.vectors(maps).after) == codes).float().mean() > 0.95


# Arms and trials


def test_both_ladders_change_one_thing_a_step():
    shapes = [
        mmfl.SHAPES[name]
        for name in ("wide-global", "levels", "top-down", "both", "both+part", mmfl.WHOLE)
    ]
    for a, b in itertools.pairwise(shapes):
        assert sum(x != y for x, y in zip(a, b, strict=True)) == 1
    arms = mmfl.choose([])

    def changed(a, b):
        return {k for k in {*arms[a], *arms[b]} if arms[a].get(k) != arms[b].get(k)} - {"rate"}

    assert changed("id", mmfl.WHOLE) == {"triplet"}
    assert changed("id", "id+t0") == {"triplet", "margin"}
    assert changed(mmfl.WHOLE, mmfl.CENTER) == {"beta"}
    assert changed(mmfl.CENTER, "mmfl") == {"gamma"}


def record(arm, val_map, data="wardrobe-garments"):
    names = {"chapter": "02_mmfl_net", "data": data, "arm": arm, "scale": "full", "seed": 0}
    return Record(**names, metrics={}, intervals={}, counts={}, extra={"val_map": val_map})


def test_every_arm_is_tuned_as_long_as_the_method():
    tuning = mmfl.tune([])
    counts = [2, 2, *5 * [13], *2 * [2], *4 * [1], *2 * [5 * len(mmfl.IN_SHOP_ARMS)]]
    assert [len(arms) for arms in tuning.rounds] == counts
    added = (mmfl.CENTER, "strong-baseline", "mmfl", "cosface")  # at the rate of what they are on
    for arm, choices in tuning.choices.items():
        rates = {choice["rate"] for choice in choices}
        shared = arm.startswith(("scale,", "lean,"))
        assert len(rates) == (1 if arm in added else 2 if shared else 3), arm
    tries = {arm: len(choices) for arm, choices in tuning.choices.items()}
    assert {tries[arm] for arm in added} == {3}
    assert {tries[name] for name in mmfl.SHAPES if name not in mmfl.FEW} == {3}
    assert tries["baseline+t0"] == tries["id+t0"] == 9
    ours = tries[mmfl.WHOLE] + tries[mmfl.CENTER] + tries["mmfl"]
    assert ours <= tries["cosface"] + tries["cosface,scale"]
    assert ours <= tries["baseline+t0"] + tries["strong-baseline"]


def test_one_scale_serves_all_networks():
    """The best for the smallest and the largest together, not that of either."""
    values = [told["scale"] for told in mmfl.SCALES]
    marks = {"wide-global": (0.3, 0.5, 0.1, 0.6, 0.2), mmfl.WHOLE: (0.1, 0.6, 0.7, 0.3, 0.2)}
    found = [
        record(f"trial,scale,{name},{2 * i + rate}", mark - 0.3 * rate)
        for name, each in marks.items()
        for i, mark in enumerate(each)
        for rate in range(2)
    ]
    chosen = mmfl.choose(found)
    told = {arm: settings["scale"] for arm, settings in chosen.items() if arm != "cosface"}
    assert set(told.values()) == {values[1]}
    assert set(told) >= {*mmfl.SHAPES, "id", "strong-baseline", "mmfl"}


def test_what_is_best_at_an_edge_is_tried_beyond_it():
    found = []
    for _ in range(len(mmfl.tune([]).rounds)):
        found = all_tried(mmfl.tune(found).rounds)
    rounds = mmfl.tune(found).rounds
    rates = [choice["rate"] for choice in rounds[4]["both"]]
    assert rates == pytest.approx([1e-3, 3e-3, 9e-3, 27e-3, 81e-3])  # the later, the better
    assert [choice["margin"] for choice in rounds[5]["id+t0"]][-1] == pytest.approx(9, rel=0.15)
    assert [choice["scale"] for choice in rounds[6]["cosface,scale"]][-1] == pytest.approx(20)
    assert [choice["margin"] for choice in rounds[10]["cosface"]][-1] == pytest.approx(0.4)
    assert [choice["beta"] for choice in rounds[8][mmfl.CENTER]] == pytest.approx(
        [0.01, 0.1, 1, 10]
    )
    assert [choice["gamma"] for choice in rounds[12]["mmfl"]] == pytest.approx([0.5, 2, 8, 32])
    assert mmfl.choose(found)["mmfl"]["gamma"] == pytest.approx(32)


def test_gamma_is_tried_at_the_beta_that_was_chosen():
    for beta in (told["beta"] for told in mmfl.BETAS):
        found = all_tried(mmfl.tune([]).rounds[:1])
        found += all_tried(mmfl.tune(found).rounds[1:2])
        third = mmfl.tune(found).rounds[7]
        for arm, choices in third.items():
            found += [
                record(f"trial,{arm},{i}", 0.9 if told["beta"] == beta else 0.1)
                for i, told in enumerate(choices)
            ]
        fourth = mmfl.tune(found).rounds[11]["mmfl"]
        assert {choice["beta"] for choice in fourth} == {beta}
        found += [record(f"trial,mmfl,{i}", i / 10) for i in range(len(fourth))]
        assert mmfl.choose(found)["mmfl"]["beta"] == beta
        assert mmfl.choose(found)[mmfl.CENTER]["beta"] == beta


def test_settings_are_chosen_on_validation_alone():
    first = mmfl.tune([]).rounds[2][mmfl.WHOLE]
    assert mmfl.choose([])[mmfl.WHOLE] == first[len(first) // 2]
    found = [record(f"trial,{mmfl.WHOLE},{i}", v) for i, v in enumerate((0.1, 0.3, 0.2))]
    assert mmfl.choose(found)[mmfl.WHOLE] == first[1]


def test_within_the_shop_each_fold_chooses_its_rate():
    at = {f"in-shop1,{mmfl.WHOLE}": 0, mmfl.WHOLE: 1}
    found = [record(f"trial,{arm},{i}", 0.9) for arm, i in at.items()]
    here, there = mmfl.choose(found, "in-shop"), mmfl.choose(found)
    rates = [told["rate"] for told in mmfl.SHOP_RATES]
    assert set(here) == set(mmfl.IN_SHOP_ARMS)
    assert here[mmfl.WHOLE]["rates"] == (rates[1], rates[0], rates[1], rates[1], rates[1])
    without = {k: v for k, v in there[mmfl.WHOLE].items() if k != "rate"}
    assert {k: v for k, v in here[mmfl.WHOLE].items() if k != "rates"} == without
    arms = set(mmfl.tune([]).rounds[-1])
    assert {mmfl.fold_of(f"trial,{arm},0") for arm in arms} == set(range(5))
    assert {mmfl.tuned_on(arm) for arm in arms} == {mmfl.IN_SHOP}
    assert {
        arm for arm in mmfl.choose([]) if arm.startswith(("scale", "lean", "baseline", "cosface,"))
    } == set()
    assert mmfl.fold_of("trial,mmfl,2") == mmfl.fold_of("mmfl") == 0


def test_each_fold_trains_at_its_own_rate(tmp_path):
    where = {"scale": "smoke", "device": "cpu", "results": tmp_path, "data_root": ""}
    where["progress"] = False
    told = {k: v for k, v in mmfl.choose([])[mmfl.WHOLE].items() if k != "rate"}
    told |= {"rates": (1e-9, 1e-2)}
    start = mmfl.build(mmfl.WHOLE, "smoke", 0)[1].tail
    moved = []
    for fold in (0, 1):
        tail = mmfl.train("wardrobe-garments", "a", told, 0, where, fold)[1].tail
        pairs = zip(tail.parameters(), start.parameters(), strict=True)
        moved.append(max((a - b).detach().abs().max().item() for a, b in pairs))
    assert moved[0] < 1e-6 < 1e-3 < moved[1]


def test_the_plan_goes_round_by_round(monkeypatch):
    monkeypatch.setattr(mmfl.opening, "present", lambda *_: True)
    found, rounds = [], len(mmfl.tune([]).rounds)
    for stage in range(rounds):
        assert max(job.stage for job in mmfl.plan("full", found)) >= stage
        found = all_tried(mmfl.tune(found).rounds[: stage + 1])
    last = [job for job in mmfl.plan("full", found) if job.stage == rounds]
    count = lambda data, arm: sum((job.data, job.arm) == (data, arm) for job in last)  # noqa: E731
    ladder = ("backbone", "wide-global", "top-down", "both", "both+part", mmfl.WHOLE)
    for arm in (*ladder, "id", "id+t0", mmfl.CENTER, "mmfl", "strong-baseline", *mmfl.HEADS):
        assert count("wardrobe-garments", arm) == 6, arm
    for arm in ("levels", "unfused", "cosface"):
        assert count("wardrobe-garments", arm) == 5, arm
    for arm in (*mmfl.IN_SHOP_ARMS, *mmfl.HEADS):
        assert count("shop-views-in-shop", arm) == 6, arm
    assert count("shop-views-in-shop", "mmfl") == 0  # no attributes there
    assert count("wardrobe-garments", "t5") == count("fashion-mnist-street", mmfl.WHOLE) == 1
    assert len({job.arm for job in last if job.data == "fashion-mnist-street"}) == 4


def test_whatever_decides_has_seeds_and_its_starts(monkeypatch):
    """Each deciding contrast has five seeds, and the starts of its gate the same seeds at home."""
    monkeypatch.setattr(mmfl.opening, "present", lambda *_: True)
    found = []
    for stage in range(len(mmfl.tune([]).rounds)):
        found = all_tried(mmfl.tune(found).rounds[: stage + 1])
    jobs = [job for job in mmfl.plan("full", found) if job.settings or job.arm == "trunk"]
    seeds = {}
    for job in jobs:
        seeds.setdefault((job.data, job.arm), set()).add(job.seed)
    (ledger,) = [each for each in ledgers.load() if each.paper == "mmfl_net"]
    for claim in ledger.claims:
        for entry in claim.evidence:
            for data in entry["data"]:
                shop = data == "shop-views-in-shop"
                home = "shop-views-in-shop" if shop else "wardrobe-garments"
                trained = [arm for arm in entry["contrast"] if arm != "trunk"]
                shared = set.intersection(*(seeds[home, arm] for arm in trained))
                assert len(shared) >= 5, (claim.id, entry)
                for start in ledger.starts:
                    assert shared <= seeds[home, start] or start in ledger.untrained, claim.id


def test_a_difference_can_be_seen_to_rest():
    """The gate needs three looks in the last quarter of the steps, on the points that are kept."""
    for data in ("wardrobe-garments", "shop-views-in-shop"):
        plan = mmfl.budget(data, "full", "mmfl")
        looks = mmfl.Looks.__new__(mmfl.Looks)
        steps, count = plan["steps"], plan["looks"]
        looks.at = set(np.linspace(steps, 0, count, endpoint=False).round().astype(int).tolist())
        history = History()
        for step in range(1, steps + 1):
            seen = {"val_map": step / steps} if looks.due(step) else {}
            history.add({"loss": 1.0, **seen}, images=1)
        history.look({"loss"})
        curve = history.curve()
        kept = [(s, v) for s, v in zip(curve["step"], curve["val_map"], strict=True) if v == v]
        assert drift([tuple(map(np.array, zip(*kept, strict=True)))]) == pytest.approx(
            0.25, rel=0.02
        )


def test_without_the_photos_the_plan_goes_on_to_its_end(monkeypatch):
    monkeypatch.setattr(mmfl.opening, "present", lambda data, *_: data == "wardrobe-garments")
    found, rounds = [], len(mmfl.tune([]).rounds)
    for stage in range(rounds):
        jobs = mmfl.plan("full", found)
        assert {job.data for job in jobs} == {"wardrobe-garments"}
        found = all_tried(mmfl.tune(found).rounds[: stage + 1])
    jobs = mmfl.plan("full", found)
    assert {job.data for job in jobs} == {"wardrobe-garments"}
    assert {job.arm for job in jobs if job.stage == rounds} >= {"mmfl", "strong-baseline"}


def test_sizes_of_a_run():
    full = mmfl.budget("wardrobe-garments", "full", "mmfl")["steps"]
    assert mmfl.budget("wardrobe-garments", "full", "trial,mmfl,3")["steps"] == full // 2
    shop = mmfl.budget("shop-views-in-shop", "full")["steps"]
    assert mmfl.budget("shop-views-in-shop", "full", "trial,in-shop0,mmfl,1")["steps"] == shop // 2
    assert mmfl.budget("deepfashion-c2s", "paper")["size"] == 320
    for scale in ("full", "paper"):
        dim = mmfl.budget("deepfashion-c2s", scale)["dim"]
        for shape in mmfl.SHAPES.values():
            assert sum(mmfl.layout(shape.branches, shape.cells, dim).values()) == dim


def test_a_step_turns_class_vectors_of_all_lengths_by_as_much():
    for name in ("mmfl", "cosface"):
        told = mmfl.choose([])[name]
        net = mmfl.MMFLNet(Given(), 90, mmfl.SHAPES[told["network"]], 0)
        criterion = mmfl.make_criterion(net.lengths, 50, [3, 2], **told)
        groups = mmfl.groups_of(net, criterion, 1e-2)
        rates = {id(weight): g["lr"] for g in groups for weight in g["params"]}
        assert len(rates) == sum(len(group["params"]) for group in groups)  # each once
        for weight, dim in mmfl.classifiers(criterion):
            assert sorted(weight.shape) == sorted((50, dim))
            assert rates[id(weight)] == pytest.approx(1e-2 / dim**0.5)
        turned = []
        for layer in net.necks.reduce.values():
            size = layer.weight.square().mean().sqrt().item()
            turned.append(rates[id(layer.weight)] / size)  # in a step, of the layer's own size
        assert turned == pytest.approx([mmfl.TURN * 1e-2] * len(turned))
        if criterion.attributes is not None:
            slow = 10e-2 / sum(net.lengths.values()) ** 0.5
            assert rates[id(criterion.attributes.layer.weight)] == pytest.approx(slow)
        trained = [w for part in (net, criterion) for w in part.parameters() if w.requires_grad]
        assert set(rates) == set(map(id, trained))


# Measures


def noisy(noise, dim=16, seed=0):
    """A search among 200 items whose pictures are their item's vector and noise."""
    draw = np.random.default_rng(seed).normal
    at, owners = draw(size=(200, dim)), np.arange(200)
    query, gallery = (at + noise * draw(size=(200, dim)) for _ in range(2))
    query, gallery = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (query, gallery))
    found = retrieval.evaluate(query, gallery, owners, owners, k=1, bootstrap=0)
    return Search(found, query.astype(np.float32), gallery.astype(np.float32), None)


def test_separation_is_the_loop():
    found = noisy(1.0)
    away = []
    for i, q in enumerate(found.query):
        similarity = found.gallery @ q
        away.append(similarity[i] - np.delete(similarity, i).max())
    assert mmfl.separation(found) == pytest.approx(np.mean(away) / np.std(away), rel=1e-5)


def test_separation_orders_searches_as_hit_at_1_does():
    searches = [noisy(noise) for noise in (2.0, 1.4, 1.0, 0.7, 0.4)]
    separated = [mmfl.separation(found) for found in searches]
    assert separated == sorted(separated)
    hits = [found.retrieval.metrics["hit@1"] for found in searches]
    assert hits == sorted(hits)


def test_separation_does_not_depend_on_the_scale_of_similarities():
    """The ratio of distances that it replaces does: a constant part of all vectors changes it."""
    found = noisy(1.0)
    shifted = [
        np.hstack([0.6 * x, np.full((len(x), 1), 0.8, np.float32)])
        for x in (found.query, found.gallery)
    ]
    other = Search(found.retrieval, *shifted, None)
    assert mmfl.separation(other) == pytest.approx(mmfl.separation(found), rel=1e-3)


def test_a_job_is_recorded_query_by_query_and_a_trial_without_the_test(tmp_path):
    where = {"scale": "smoke", "device": "cpu", "results": str(tmp_path), "progress": False}
    where["data_root"] = str(tmp_path)
    settings = mmfl.choose([])["mmfl"]
    jobs = [("mmfl", settings), ("trunk", {}), ("trial,mmfl,0", settings)]
    for arm in mmfl.HEADS:
        jobs.append((arm, mmfl.head_settings("wardrobe-garments", arm, "smoke")))
    for arm, told in jobs:
        mmfl.do(Job("wardrobe-garments", arm, 0, told), where)
    found = {(r.data, r.arm): r for r in records.load(tmp_path)}
    names = {f"wardrobe-garments-no-{cause}" for cause in mmfl.CAUSES} | {"wardrobe-garments"}
    assert {data for data, arm in found if arm == "mmfl"} == names
    for data in names:  # the gate needs the trunk on every test
        kept = [records.per_query(found[data, arm], tmp_path) for arm in ("mmfl", "trunk")]
        assert np.array_equal(kept[0].item, kept[1].item)
    tested = found["wardrobe-garments", "mmfl"]
    assert tested.extra["settings"] == settings
    assert tested.extra["weights"] == weights(mmfl.build(mmfl.WHOLE, "smoke", 0)[1])
    assert {"operations", "pictures_per_second", "separation"} <= set(tested.extra)
    assert 0 < tested.extra["attributes_usual"] < 1
    assert 0 <= tested.extra["attributes_head"] <= 1
    assert {"id", "triplet", "center", "attributes", "val_map"} <= set(tested.curve)
    lost = found["wardrobe-garments-no-pose", "mmfl"]
    count = lost.counts["n_query"]
    odds = lambda hit: math.log((hit * count + 0.5) / ((1 - hit) * count + 0.5))  # noqa: E731
    before = odds(lost.metrics["hit@1"]) - lost.extra["log_odds_lost"]
    for cause in mmfl.CAUSES:  # all are measured from the same photos with all causes
        other = found[f"wardrobe-garments-no-{cause}", "mmfl"]
        assert odds(other.metrics["hit@1"]) - other.extra["log_odds_lost"] == pytest.approx(before)
    assert set(tested.extra["pulls"]) == {"id", "triplet", "center", "attributes"}
    assert all(pull > 0 for pull in tested.extra["pulls"].values())
    assert set(tested.extra["branches"]) == set(mmfl.CELLS)
    assert all(found["wardrobe-garments", arm].extra["separation"] != 0 for arm in mmfl.HEADS)
    tried = found["wardrobe-garments", "trial,mmfl,0"]
    assert tried.metrics == {}
    assert 0 < tried.extra["val_map"] <= 1


def test_batches_hold_both_domains_of_every_item(garments):
    plan = mmfl.budget("wardrobe-garments", "smoke")
    data = Bench(garments, mmfl.build(mmfl.PLAIN, "smoke", 0)[0])
    shape = {key: plan[key] for key in ("items", "pictures")}
    for b in data.batches(**shape, steps=4):
        assert len(b) == plan["items"] * plan["pictures"]
        for item in b.items.unique():
            assert set(b.domains[b.items == item].tolist()) == {STREET, SHOP}


def test_data_of_the_paper_keep_validation_items_apart(monkeypatch):
    asked = []
    monkeypatch.setattr(mmfl.datasets, "load", lambda *a, **options: asked.append((a, options)))
    for name in ("deepfashion-c2s", "street2shop"):
        mmfl.load_data(name, "paper", "somewhere")
    assert asked == [
        ((name, "somewhere"), {"val": 0.1}) for name in ("deepfashion-c2s", "street2shop")
    ]
