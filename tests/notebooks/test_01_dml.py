"""Chapter 01: the two readings of DML, against loops, library losses and limits, in float64."""

import itertools
import math

import numpy as np
import pytest
import torch
from pytorch_metric_learning.losses import CosFaceLoss
from torch.nn import functional as F

from fashret_utils import chapters
from fashret_utils.evidence.records import Record

dml = chapters.definitions("01_dml")
COSINES = torch.tensor(
    [[0.9, -0.2], [0.1, 0.3], [-0.5, 0.8], [0.4, 0.4], [0.7, 0.6]], dtype=torch.float64
)  # (5, 2), to the weights of class 0 and class 1
POSITIVE = torch.tensor([False, True, True, False, False])
MARGIN_KEYS = ("positive_margin", "negative_margin")
MARGINS = [(0.1, 0.35), (0.35, 0.1), (0.2, 0.2), (0.0, 0.0)]


def softplus(x):
    return math.log1p(math.exp(-abs(x))) + max(x, 0)


def pair_loss_by_loop(cosines, positive, positive_margin, negative_margin, scale):
    """Mean over the classes of the mean softplus of Equation (A), pair by pair."""
    means = []
    for label, margin in ((0, negative_margin), (1, positive_margin)):
        losses = [
            softplus(scale * (c[1 - label] - c[label] + margin))
            for c, is_positive in zip(cosines.tolist(), positive.tolist(), strict=True)
            if is_positive == bool(label)
        ]
        if losses:
            means.append(sum(losses) / len(losses))
    return sum(means) / len(means)


def batch(items=5, street=1, shop=1, dim=6, seed=0):
    """Embeddings (B, dim) float64, items (B,), domains (B,), in no particular order."""
    generator = torch.Generator().manual_seed(seed)
    owners = torch.arange(items).repeat(street + shop)
    domains = torch.tensor([0] * items * street + [1] * items * shop)
    order = torch.randperm(len(owners), generator=generator)
    embeddings = torch.randn(len(owners), dim, generator=generator, dtype=torch.float64)
    return embeddings, owners[order], domains[order]


def pair_criterion(**options):
    torch.manual_seed(0)
    return dml.PairDiscriminativeMarginLoss(6, **options).double()


# Reading A: the equation


@pytest.mark.parametrize("margins", MARGINS)
def test_pair_loss_is_the_softplus_loop(margins):
    found = dml.pair_margin_loss(COSINES, POSITIVE, *margins, 30.0)
    assert found.item() == pytest.approx(pair_loss_by_loop(COSINES, POSITIVE, *margins, 30), 1e-12)


def test_equal_margins_are_the_librarys_cosface_with_two_classes():
    torch.manual_seed(1)
    z, positive = torch.randn(40, 8, dtype=torch.float64), torch.arange(40) < 20
    library = CosFaceLoss(2, 8, margin=0.3, scale=30)
    expected = library(z, positive.long())  # 20 pairs a class: mean of pairs = mean of classes
    cosines = F.linear(F.normalize(z), F.normalize(library.W.T))
    torch.testing.assert_close(
        dml.pair_margin_loss(cosines, positive, 0.3, 0.3, 30.0), expected, rtol=1e-12, atol=0
    )


@pytest.mark.parametrize("margins", MARGINS)
def test_two_margins_are_the_mean_margin_and_a_shifted_threshold(margins):
    torch.manual_seed(2)
    cosines, positive = torch.rand(50, 2, dtype=torch.float64) * 2 - 1, torch.arange(50) < 11
    cosines.requires_grad_()
    mean, shift = sum(margins) / 2, (margins[1] - margins[0]) / 2
    two = dml.pair_margin_loss(cosines, positive, *margins, 30.0)
    shifted = cosines + torch.tensor([0.0, shift], dtype=torch.float64)
    one = dml.pair_margin_loss(shifted, positive, mean, mean, 30.0)
    torch.testing.assert_close(two, one, rtol=1e-12, atol=1e-12)
    gradients = [torch.autograd.grad(loss, cosines)[0] for loss in (two, one)]
    torch.testing.assert_close(*gradients, rtol=1e-12, atol=1e-12)


def test_margins_zero_are_plain_normalised_softmax():
    label = POSITIVE.long()
    losses = F.cross_entropy(30 * COSINES, label, reduction="none")
    expected = (losses[POSITIVE].mean() + losses[~POSITIVE].mean()) / 2
    found = dml.pair_margin_loss(COSINES, POSITIVE, 0.0, 0.0, 30.0)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)


def test_negatives_alone_feel_only_their_own_margin():
    none = torch.zeros(5, dtype=torch.bool)
    losses = [dml.pair_margin_loss(COSINES, none, 0.1, m, 30.0).item() for m in (0, 0.2, 0.4)]
    assert losses == sorted(losses)
    assert losses[2] - losses[0] > 1
    assert dml.pair_margin_loss(COSINES, none, 0.9, 0.2, 30.0).item() == losses[1]


def test_order_and_repeated_negatives_do_not_matter():
    def loss(rows):
        return dml.pair_margin_loss(COSINES[rows], POSITIVE[rows], 0.1, 0.35, 30.0)

    rows = torch.arange(5)
    for other in (torch.tensor([4, 2, 0, 1, 3]), torch.cat([rows, rows[~POSITIVE]])):
        torch.testing.assert_close(loss(other), loss(rows), rtol=1e-12, atol=0)


# Reading A: the criterion


@pytest.mark.parametrize("negatives", [1, 2, "all"])
@pytest.mark.parametrize("counts", [(1, 1), (2, 1), (1, 3)])
def test_criterion_is_the_loop_over_all_pairs_of_a_batch(negatives, counts):
    embeddings, items, domains = batch(items=4, street=counts[0], shop=counts[1])
    criterion = pair_criterion(negatives=negatives).eval()
    kept, positive = [], []
    weight = F.normalize(criterion.head.weight)
    for i in torch.where(domains == 0)[0]:
        wrong = []
        for j in torch.where(domains == 1)[0]:
            squared = (F.normalize(embeddings[i], dim=0) - F.normalize(embeddings[j], dim=0)) ** 2
            z = F.normalize(criterion.head.norm(criterion.head.layer(squared[None])))[0]
            c = torch.stack([weight[0] @ z, weight[1] @ z])
            if items[i] == items[j]:
                kept.append(c)
                positive.append(True)
            else:
                wrong.append(c)
        wrong.sort(key=lambda c: (c[0] - c[1]).item())
        chosen = wrong if negatives == "all" else wrong[:negatives]
        kept += chosen
        positive += [False] * len(chosen)
    expected = pair_loss_by_loop(torch.stack(kept), torch.tensor(positive), 0.1, 0.35, 30)
    found = criterion(embeddings, items, domains).item()
    assert found == pytest.approx(expected, rel=1e-12)


def test_more_negatives_than_there_are_means_all():
    data = batch()
    assert pair_criterion(negatives=99)(*data) == pair_criterion(negatives="all")(*data)


@pytest.mark.parametrize("training", [True, False])
def test_criterion_does_not_depend_on_the_order_of_the_batch(training):
    embeddings, items, domains = batch(street=2)
    criterion = pair_criterion().train(training)
    order = torch.randperm(len(items), generator=torch.Generator().manual_seed(5))
    shuffled = criterion(embeddings[order], items[order], domains[order])
    torch.testing.assert_close(criterion(embeddings, items, domains), shuffled, rtol=1e-10, atol=0)


@pytest.mark.parametrize("bias", [False, True])
def test_gradients_of_the_pair_criterion(bias):
    embeddings, items, domains = batch(items=3)
    criterion = pair_criterion(bias=bias, scale=5.0)
    inputs = (embeddings.requires_grad_(), criterion.head.weight)
    assert torch.autograd.gradcheck(lambda e, _: criterion(e, items, domains), inputs)
    criterion(embeddings, items, domains).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in criterion.parameters())


def test_a_learnable_bias_can_make_the_shift():
    data = batch()
    two = pair_criterion(positive_margin=0.1, negative_margin=0.35)
    one = pair_criterion(positive_margin=0.225, negative_margin=0.225, bias=True)
    with torch.no_grad():
        one.head.bias.copy_(torch.tensor([0.0, 0.125]))
    torch.testing.assert_close(two(*data), one(*data), rtol=1e-12, atol=0)


def test_score_ranks_as_the_probability_of_class_one():
    criterion = pair_criterion(bias=True).eval()
    with torch.no_grad():
        criterion.head.bias.copy_(torch.tensor([0.3, -0.2]))
    embeddings, _, domains = batch()
    street, shop = embeddings[domains == 0], embeddings[domains == 1]
    cosines = criterion.head.cosines(criterion.head(street, shop))
    score = criterion.head.score(street, shop)
    torch.testing.assert_close(score, cosines[..., 1] - cosines[..., 0], rtol=1e-12, atol=1e-12)
    probability = (30 * cosines).softmax(-1)[..., 1]
    assert torch.equal(score.flatten().argsort(), probability.flatten().argsort())


# Reading B


@pytest.mark.parametrize("margins", [(0.1, 0.35), (0.2, 0.0), (0.1, -0.35), (0.0, 0.0)])
def test_reading_b_is_cosface_with_the_sum_of_the_margins(margins):
    torch.manual_seed(3)
    criterion = dml.TwoMarginSoftmax(20, 8, *margins).double()
    library = CosFaceLoss(20, 8, margin=sum(margins), scale=30)
    library.W.data = criterion.weight.detach().T.clone()
    embeddings = torch.randn(64, 8, dtype=torch.float64, requires_grad=True)
    items = torch.randint(20, (64,))
    losses = criterion(embeddings, items), library(embeddings, items)
    torch.testing.assert_close(*losses, rtol=1e-12, atol=1e-12)
    gradients = [torch.autograd.grad(loss, embeddings, retain_graph=True)[0] for loss in losses]
    torch.testing.assert_close(*gradients, rtol=1e-11, atol=1e-12)
    losses[0].backward()
    losses[1].backward()
    torch.testing.assert_close(criterion.weight.grad, library.W.grad.T, rtol=1e-11, atol=1e-12)


def test_reading_b_is_the_loop():
    torch.manual_seed(4)
    criterion = dml.TwoMarginSoftmax(3, 2, 0.1, 0.35, scale=7).double()
    embeddings, items = torch.randn(4, 2, dtype=torch.float64), torch.tensor([0, 2, 1, 1])
    losses = []
    for e, item in zip(F.normalize(embeddings), items.tolist(), strict=True):
        c = [(e @ F.normalize(w, dim=0)).item() for w in criterion.weight]
        own = math.exp(7 * (c[item] - 0.1))
        others = sum(math.exp(7 * (c[j] + 0.35)) for j in range(3) if j != item)
        losses.append(-math.log(own / (own + others)))
    assert criterion(embeddings, items).item() == pytest.approx(sum(losses) / 4, rel=1e-12)


def test_the_sign_variant_is_easier_than_plain_softmax():
    torch.manual_seed(6)
    embeddings, items = torch.randn(30, 5, dtype=torch.float64), torch.randint(9, (30,))
    losses = {}
    for margins in [(0.1, 0.35), (0.0, 0.0), (0.1, -0.35)]:
        torch.manual_seed(7)
        losses[margins] = dml.TwoMarginSoftmax(9, 5, *margins).double()(embeddings, items)
    assert losses[0.1, -0.35] < losses[0.0, 0.0] < losses[0.1, 0.35]


def test_gradients_of_reading_b():
    torch.manual_seed(8)
    criterion = dml.TwoMarginSoftmax(4, 3, 0.1, 0.35, scale=5).double()
    embeddings = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    items = torch.tensor([0, 1, 2, 3, 3])
    assert torch.autograd.gradcheck(lambda e: criterion(e, items), (embeddings,))


# Bad input


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e, i, d: (e, i[:-1], d), r"10 embeddings, 9 items, 10 domains"),
        (lambda e, i, d: (e, i, d[:-2]), r"10 embeddings, 10 items, 8 domains"),
        (
            lambda e, i, d: (e, i, torch.where(i == 3, 0, d)),
            r"1 of 5 items have pictures of one domain only: 3\.",
        ),
        (lambda e, i, d: (e, i, 0 * d), r"5 of 5 items .* one domain only: 0, 1, 2, 3, 4\."),
        (lambda e, i, d: (e[i == 2], i[i == 2], d[i == 2]), r"1 item in the batch: no negative"),
    ],
    ids=["items short", "domains short", "item of one domain", "one domain", "one item"],
)
def test_batches_without_pairs_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        pair_criterion()(*change(*batch()))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"positive_margin": -0.1}, r"positive_margin = -0.1: expected .* \[0, 1\)"),
        ({"negative_margin": 1.5}, r"negative_margin = 1.5: expected"),
        ({"negative_margin": math.nan}, r"negative_margin = nan: expected"),
        ({"scale": 0}, r"scale = 0: expected a number above 0"),
        ({"negatives": 0}, r'negatives = 0: expected a number from 1 on, or "all"'),
        ({"negatives": "hard"}, r"negatives = 'hard'"),
    ],
)
def test_settings_outside_their_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        dml.PairDiscriminativeMarginLoss(6, **options)


@pytest.mark.parametrize("margins", list(itertools.product((0.1, 1.0), (0.2, -1.5)))[1:])
def test_reading_b_refuses_margins_outside_their_range(margins):
    with pytest.raises(ValueError, match=r"_margin = .*expected a difference of cosines"):
        dml.TwoMarginSoftmax(4, 3, *margins)


@pytest.mark.parametrize("items", [[0, 1, 4], [0, -1, 2], [0, 1]])
def test_reading_b_refuses_items_it_has_no_weight_for(items):
    with pytest.raises(ValueError, match=r"expected 3 numbers from 0 to 3"):
        dml.TwoMarginSoftmax(4, 3, 0.1, 0.2)(torch.randn(3, 3), torch.tensor(items))


# Arms and measures


def test_settings_are_chosen_on_validation_alone():
    def record(name, val_map, hit):
        values = {"metrics": {"hit@1": hit}, "intervals": {}, "counts": {}}
        names = {"chapter": "01_dml", "data": "d", "arm": name, "scale": "smoke", "seed": 0}
        return Record(**names, **values, extra={"val_map": val_map})

    first = {arm: trials[0] for arm, trials in dml.TRIALS.items()}
    assert {arm: dml.choose([])[arm] for arm in first} == first
    found = [record(dml.trial("cosface_id", i), v, 1 - v) for i, v in enumerate((0.1, 0.3, 0.2))]
    chosen = dml.choose(found)
    assert chosen["cosface_id"] == dml.TRIALS["cosface_id"][1]
    assert chosen["triplet"] == first["triplet"]


def test_every_arm_has_four_trials_and_derived_arms_follow():
    assert {len(trials) for trials in dml.TRIALS.values()} == {4}
    chosen = dml.choose([])
    two = chosen["dml_pair"]
    swapped = chosen["dml_pair_reversed"]
    assert two["positive_margin"] == swapped["negative_margin"] < swapped["positive_margin"]
    for arm in ("pair_cosface_mean", "pair_cosface_bias"):
        assert chosen[arm]["positive_margin"] == chosen[arm]["negative_margin"]
        assert chosen[arm]["positive_margin"] * 2 == pytest.approx(sum(two[m] for m in MARGIN_KEYS))
    total = sum(chosen["dml_id"][m] for m in MARGIN_KEYS)
    assert total == pytest.approx(chosen["cosface_id"]["margin"])


@pytest.mark.parametrize("arm", sorted(dml.choose([])))
def test_every_arm_trains_embedding_and_its_own_weights(arm):
    torch.manual_seed(0)
    embeddings, items, domains = batch(items=6, dim=8)
    embeddings = embeddings.float().requires_grad_()
    criterion = dml.make_criterion(6, 8, **dml.choose([])[arm])
    loss = criterion(embeddings, items, domains)
    loss.backward()
    assert loss.isfinite()
    assert embeddings.grad.abs().sum() > 0
    assert all(p.grad is not None for p in criterion.parameters())


@pytest.mark.parametrize("arm", ["dml_id", "cosface_id", "softmax_id", "normface"])
def test_class_weights_start_at_the_items_mean_direction(arm):
    embeddings = F.normalize(torch.randn(8, 4))
    items = torch.tensor([2, 0, 1, 0, 2, 1, 1, 0])
    criterion = dml.make_criterion(3, 4, **dml.choose([])[arm])
    dml.start_at_item_means(criterion, embeddings, items)
    weight = criterion.loss.W.T if hasattr(criterion.loss, "W") else criterion.loss.weight
    expected = [F.normalize(embeddings[items == item].mean(0), dim=0) for item in range(3)]
    torch.testing.assert_close(weight.detach(), torch.stack(expected))


def test_the_heads_report_is_that_of_all_pairs():
    torch.manual_seed(0)
    head = dml.PairHead(6).eval()
    query, gallery = (F.normalize(torch.randn(n, 6)) for n in (70, 9))
    owners = np.arange(70) % 3, np.arange(9) % 3
    report = dml.head_report(head, query.numpy(), gallery.numpy(), *owners)
    with torch.no_grad():
        z = head(query, gallery).double()
        score = head.score(query, gallery).numpy()
    same = torch.from_numpy(owners[0][:, None] == owners[1])
    for name, kind in (("positive", same), ("negative", ~same)):
        mean = F.normalize(z[kind].mean(0), dim=0)
        scatter = (1 - z[kind] @ mean).mean().item()
        assert report[f"scatter_{name}"] == pytest.approx(scatter, abs=1e-5)
    first = owners[1][score.argmax(1)]
    assert report["head_hit@1"] == pytest.approx((first == owners[0]).mean())


def test_other_views_search_the_front_from_the_side_and_the_back():
    catalog = dml.load_data("wardrobe-garments-views", "smoke")
    assert set(catalog.where(split="query").view) == {"three-quarter", "back"}
    assert set(catalog.where(split="gallery").view) == {"front"}
    assert set(catalog.where(split="query").item) == set(catalog.where(split="gallery").item)
    assert (catalog.summary()["seen_in_train"].iloc[-2:] == 0).all()
