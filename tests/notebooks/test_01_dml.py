"""Chapter 01: the two readings of DML, against loops, library losses and limits, in float64."""

import itertools
import math

import numpy as np
import pytest
import torch
from pytorch_metric_learning.losses import CosFaceLoss
from torch.nn import functional as F

from fashret_utils import chapters
from fashret_utils.data import SHOP, STREET
from fashret_utils.evidence import claims, records
from fashret_utils.evidence.records import Record
from fashret_utils.training import Bench, Job

dml = chapters.definitions("01_dml")
COSINES = torch.tensor(
    [[0.9, -0.2], [0.1, 0.3], [-0.5, 0.8], [0.4, 0.4], [0.7, 0.6]], dtype=torch.float64
)  # (5, 2), to the weights of class 0 and class 1
U = COSINES[:, 1] - COSINES[:, 0]  # (5,)
POSITIVE = torch.tensor([False, True, True, False, False])
MARGIN_KEYS = ("positive_margin", "negative_margin")
MARGINS = [(0.1, 0.35), (0.35, 0.1), (0.2, 0.2), (0.0, 0.0), (-0.2, 0.4)]


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
    domains = torch.tensor([STREET] * items * street + [SHOP] * items * shop)
    order = torch.randperm(len(owners), generator=generator)
    embeddings = torch.randn(len(owners), dim, generator=generator, dtype=torch.float64)
    return embeddings, owners[order], domains[order]


def pair_criterion(**options):
    return dml.PairDiscriminativeMarginLoss(**options).double()


def learnt_classes(**options):
    return dml.LearntClasses(**options).double()


# Reading A: the equation


@pytest.mark.parametrize("margins", MARGINS)
def test_pair_loss_is_the_softplus_loop(margins):
    found = dml.pair_margin_loss(U, POSITIVE, *margins, 30.0)
    assert found.item() == pytest.approx(pair_loss_by_loop(COSINES, POSITIVE, *margins, 30), 1e-12)


@pytest.mark.parametrize("scale", [1.0, 30.0, 500.0])
def test_pair_loss_is_the_softmax_of_the_equation(scale):
    margin = torch.tensor([0.35, 0.1], dtype=torch.float64)[POSITIVE.long()]
    margin = margin[:, None] * F.one_hot(POSITIVE.long(), 2)
    losses = F.cross_entropy(scale * (COSINES - margin), POSITIVE.long(), reduction="none")
    expected = (losses[POSITIVE].mean() + losses[~POSITIVE].mean()) / 2
    found = dml.pair_margin_loss(U, POSITIVE, 0.1, 0.35, scale)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)


def test_equal_margins_are_the_librarys_cosface_with_two_classes():
    torch.manual_seed(1)
    z, positive = torch.randn(40, 8, dtype=torch.float64), torch.arange(40) < 20
    library = CosFaceLoss(2, 8, margin=0.3, scale=30)
    expected = library(z, positive.long())  # 20 pairs a class: mean of pairs = mean of classes
    cosines = F.linear(F.normalize(z), F.normalize(library.W.T))
    found = dml.pair_margin_loss(cosines[:, 1] - cosines[:, 0], positive, 0.3, 0.3, 30.0)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("margins", MARGINS)
def test_two_margins_are_the_mean_margin_and_a_constant(margins):
    generator = torch.Generator().manual_seed(2)
    u = (torch.rand(50, generator=generator, dtype=torch.float64) * 4 - 2).requires_grad_()
    positive = torch.arange(50) < 11
    mean, shift = sum(margins) / 2, (margins[1] - margins[0]) / 2
    two = dml.pair_margin_loss(u, positive, *margins, 30.0)
    one = dml.pair_margin_loss(u + shift, positive, mean, mean, 30.0)
    torch.testing.assert_close(two, one, rtol=1e-12, atol=1e-12)
    gradients = [torch.autograd.grad(loss, u)[0] for loss in (two, one)]
    torch.testing.assert_close(*gradients, rtol=1e-12, atol=1e-12)


def test_margins_zero_are_plain_normalised_softmax():
    label = POSITIVE.long()
    losses = F.cross_entropy(30 * COSINES, label, reduction="none")
    expected = (losses[POSITIVE].mean() + losses[~POSITIVE].mean()) / 2
    found = dml.pair_margin_loss(U, POSITIVE, 0.0, 0.0, 30.0)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)


def test_negatives_alone_feel_only_their_own_margin():
    none = torch.zeros(5, dtype=torch.bool)
    losses = [dml.pair_margin_loss(U, none, 0.1, m, 30.0).item() for m in (0, 0.2, 0.4)]
    assert losses == sorted(losses)
    assert losses[2] - losses[0] > 1
    assert dml.pair_margin_loss(U, none, 0.9, 0.2, 30.0).item() == losses[1]


def test_order_and_repeated_negatives_do_not_matter():
    def loss(rows):
        return dml.pair_margin_loss(U[rows], POSITIVE[rows], 0.1, 0.35, 30.0)

    rows = torch.arange(5)
    for other in (torch.tensor([4, 2, 0, 1, 3]), torch.cat([rows, rows[~POSITIVE]])):
        torch.testing.assert_close(loss(other), loss(rows), rtol=1e-12, atol=0)


# Reading A: the criterion


@pytest.mark.parametrize("negatives", [1, 2, "all"])
@pytest.mark.parametrize("counts", [(1, 1), (2, 1), (1, 3)])
def test_criterion_is_the_loop_over_all_pairs_of_a_batch(negatives, counts):
    embeddings, items, domains = batch(items=4, street=counts[0], shop=counts[1])
    criterion = pair_criterion(negatives=negatives, bias=True)
    with torch.no_grad():
        criterion.threshold.fill_(0.3)
    kept, positive = [], []
    for i in torch.where(domains == STREET)[0]:
        wrong = []
        for j in torch.where(domains == SHOP)[0]:
            cosine = F.cosine_similarity(embeddings[i], embeddings[j], dim=0)
            c = torch.stack([0.3 - cosine, cosine])  # u = 2 cos - t
            if items[i] == items[j]:
                kept.append(c)
                positive.append(True)
            else:
                wrong.append(c)
        wrong.sort(key=lambda c: (c[0] - c[1]).item())  # most alike first
        chosen = wrong if negatives == "all" else wrong[:negatives]
        kept += chosen
        positive += [False] * len(chosen)
    expected = pair_loss_by_loop(torch.stack(kept), torch.tensor(positive), 0.1, 0.35, 30)
    found = criterion(embeddings, items, domains).item()
    assert found == pytest.approx(expected, rel=1e-12)


def test_more_negatives_than_there_are_means_all():
    data = batch()
    torch.testing.assert_close(
        pair_criterion(negatives=99)(*data), pair_criterion(negatives="all")(*data)
    )


def test_hardest_negatives_are_those_of_highest_cosine():
    u = torch.tensor([[0.9, 0.1, 0.5, 0.3], [0.2, 0.8, 0.7, 0.6]])
    same = torch.tensor([[True, False, False, False], [False, False, True, False]])
    kept = dml.hardest_negatives(u, same, 2)
    assert kept.tolist() == [[False, False, True, True], [False, True, False, True]]
    assert dml.hardest_negatives(u, same, "all") is None


def test_criterion_does_not_depend_on_the_order_of_the_batch():
    embeddings, items, domains = batch(street=2)
    criterion = pair_criterion(negatives=2)
    order = torch.randperm(len(items), generator=torch.Generator().manual_seed(5))
    shuffled = criterion(embeddings[order], items[order], domains[order])
    torch.testing.assert_close(criterion(embeddings, items, domains), shuffled, rtol=1e-10, atol=0)


def test_without_a_bias_nothing_is_learnt_but_the_embedding():
    assert not list(pair_criterion().parameters())
    assert [name for name, _ in pair_criterion(bias=True).named_parameters()] == ["threshold"]
    assert [name for name, _ in learnt_classes().named_parameters()] == ["classes"]


@pytest.mark.parametrize("kind", ["fixed", "threshold", "classes"])
def test_gradients_of_the_pair_criterion(kind):
    embeddings, items, domains = batch(items=3)
    criterion = learnt_classes() if kind == "classes" else pair_criterion(bias=kind != "fixed")
    criterion.scale = 5.0
    inputs = (embeddings.requires_grad_(), *criterion.parameters())
    assert torch.autograd.gradcheck(lambda e, *_: criterion(e, items, domains), inputs)


def test_a_learnable_threshold_can_make_the_constant():
    data = batch()
    two = pair_criterion(positive_margin=0.1, negative_margin=0.35)
    one = pair_criterion(positive_margin=0.225, negative_margin=0.225, bias=True)
    with torch.no_grad():
        one.threshold.fill_(-0.125)
    torch.testing.assert_close(two(*data), one(*data), rtol=1e-12, atol=0)


def test_the_score_ranks_as_the_cosine():
    criterion = pair_criterion(bias=True)
    with torch.no_grad():
        criterion.threshold.fill_(0.4)
    embeddings, _, domains = batch()
    street, shop = embeddings[domains == STREET], embeddings[domains == SHOP]
    cosine = F.normalize(street) @ F.normalize(shop).T
    score = criterion.score(street, shop)
    torch.testing.assert_close(score, 2 * cosine - 0.4, rtol=1e-12, atol=1e-12)


def test_learnt_classes_begin_as_the_fixed_ones_and_can_move_the_line():
    data = batch()
    fixed, learnt = pair_criterion(), learnt_classes()
    torch.testing.assert_close(fixed(*data), learnt(*data), rtol=1e-12, atol=0)
    assert learnt.line() == pytest.approx(0)
    with torch.no_grad():
        angle = torch.tensor(2.2, dtype=torch.float64)  # of W_0
        learnt.classes[0] = 3 * torch.stack([angle.cos(), angle.sin()])  # its length is nothing
    cosine = torch.tensor(learnt.line(), dtype=torch.float64)
    street = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    shop = torch.stack([cosine, (1 - cosine**2).sqrt()])[None]
    assert learnt.score(street, shop).item() == pytest.approx(0, abs=1e-9)
    assert 0.1 < cosine < 0.9
    z = torch.stack([cosine.acos().cos(), cosine.acos().sin()])  # by the equation: W_1 - W_0
    weights = F.normalize(learnt.classes.detach())
    assert ((weights[1] - weights[0]) @ z).item() == pytest.approx(0, abs=1e-9)


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
        ({"positive_margin": -2.0}, r"positive_margin = -2.0: expected .* \(-2, 2\)"),
        ({"negative_margin": 2.5}, r"negative_margin = 2.5: expected"),
        ({"negative_margin": math.nan}, r"negative_margin = nan: expected"),
        ({"scale": 0}, r"scale = 0: expected a number above 0"),
        ({"negatives": 0}, r'negatives = 0: expected a number from 1 on, or "all"'),
        ({"negatives": "hard"}, r"negatives = 'hard'"),
    ],
)
def test_settings_outside_their_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        dml.PairDiscriminativeMarginLoss(**options)


@pytest.mark.parametrize("margins", list(itertools.product((0.1, 2.0), (0.2, -2.5)))[1:])
def test_reading_b_refuses_margins_outside_their_range(margins):
    with pytest.raises(ValueError, match=r"_margin = .*expected a difference of cosines"):
        dml.TwoMarginSoftmax(4, 3, *margins)


def test_margins_that_a_pair_can_meet_are_taken():
    criterion = pair_criterion(positive_margin=1.9, negative_margin=-1.9, scale=1.0)
    alike = torch.eye(4, dtype=torch.float64).repeat(2, 1)  # u is 2 for positive pairs, else 0
    items, domains = torch.arange(4).repeat(2), torch.tensor([STREET] * 4 + [SHOP] * 4)
    expected = (softplus(1.9 - 2) + softplus(-1.9)) / 2
    assert criterion(alike, items, domains).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("items", [[0, 1, 4], [0, -1, 2], [0, 1]])
def test_reading_b_refuses_items_it_has_no_weight_for(items):
    with pytest.raises(ValueError, match=r"expected 3 numbers from 0 to 3"):
        dml.TwoMarginSoftmax(4, 3, 0.1, 0.2)(torch.randn(3, 3), torch.tensor(items))


# Arms and measures


def record(name, val_map, hit=0.5, seed=0):
    values = {"metrics": {"hit@1": hit}, "intervals": {}, "counts": {}}
    names = {"chapter": "01_dml", "data": "d", "arm": name, "scale": "full", "seed": seed}
    return Record(**names, **values, extra={"val_map": val_map})


def trial(arm, number):
    return f"trial,{arm},{number}"


def all_tried(rounds):
    """Trials of some rounds; the later a choice stands, the better it was."""
    return [
        record(trial(arm, number), number / 1000, 1 - number / 1000, seed)
        for arms in rounds
        for arm, choices in arms.items()
        for number in range(len(choices))
        for seed in dml.seeds_of_trial(arm)
    ]


def test_settings_are_chosen_on_validation_alone():
    first = dml.rounds([])[1]["cosface_id"]
    assert dml.choose([])["cosface_id"] == first[len(first) // 2]
    found = [record(trial("cosface_id", i), v, 1 - v) for i, v in enumerate((0.1, 0.3, 0.2))]
    assert dml.choose(found)["cosface_id"] == first[1]
    last = dml.rounds(found)[2]["final,cosface_id"]  # the best two run at full length
    assert last == [first[1], first[2]]
    found += [record(trial("final,cosface_id", i), v) for i, v in enumerate((0.3, 0.4))]
    assert dml.choose(found)["cosface_id"] == first[2]


def test_every_arm_tries_a_grid_that_reaches_as_far():
    first = dml.rounds([])[1]
    sharp = {5.0, 15.0, 45.0}
    for arm, choices in first.items():
        rules = 12 if choices[0]["loss"] == "pair" else 0  # which it tries after these
        assert len(choices) == len({tuple(sorted(told.items())) for told in choices}), arm
        assert len(choices) + rules >= 36, arm
        rates = {1e-3, 3e-3, 1e-2, 3e-2} | ({3e-4} if arm == "triplet" else set())
        assert {told["rate"] for told in choices} == rates, arm
    pairs = ("dml_pair", "dml_pair_reversed", "pair_mean", "pair_mean_bias", "pair_cosface")
    for arm in (*pairs, "pair_cosface_bias", "dml_pair_classes"):
        assert {told["scale"] for told in first[arm]} == sharp
        margins = {tuple(told[key] for key in MARGIN_KEYS) for told in first[arm]}
        assert len(margins) == (4 if "cosface" in arm else 5)
        assert max(sum(each) / 2 for each in margins) == pytest.approx(0.8)  # for all alike
        assert len(first[arm]) == len(margins) * 3 * 4
    for arm in ("pair_softmax", "pair_softmax_bias"):
        scales = {told["scale"] for told in first[arm]}
        assert len(scales) == 7
        assert min(scales) == min(sharp)
    for arm in ("cosface_id", "arcface_id"):
        assert {told["scale"] for told in first[arm]} == sharp | {1.7, 3.0}
    plain = {told["scale"] for told in first["softmax_id"]}
    assert len(plain) == 11
    warm = {told["temperature"] for told in first["infonce"]}
    assert sorted(1 / t for t in warm) == pytest.approx(sorted(plain)[2:])
    assert len({told["margin"] for told in first["triplet"]}) == 9


def test_margins_of_the_arms_are_dmls_swapped_and_their_means():
    first = dml.rounds([])[1]
    both = {
        arm: {tuple(told[key] for key in MARGIN_KEYS) for told in first[arm]}
        for arm in ("dml_pair", "dml_pair_reversed", "pair_mean")
    }
    assert all(m_p < m_n for m_p, m_n in both["dml_pair"])
    assert both["dml_pair_reversed"] == {(m_n, m_p) for m_p, m_n in both["dml_pair"]}
    means = sorted(sum(margins) / 2 for margins in both["dml_pair"])
    assert sorted(m_p for m_p, _ in both["pair_mean"]) == pytest.approx(means)
    assert all(m_p == m_n for m_p, m_n in both["pair_mean"])


def test_the_rule_for_negatives_is_not_chosen_by_dml():
    choices = dml.rounds([])[0]["negatives"]
    assert {told["negatives"] for told in choices} == {1, 3, 10, "all"}
    assert {told["scale"] for told in choices} == {5.0, 15.0, 45.0}
    assert all(told["positive_margin"] == told["negative_margin"] for told in choices)
    assert all(told["bias"] for told in choices)
    place = next(i for i, told in enumerate(choices) if told["negatives"] == 3)
    first = dml.rounds([record(trial("negatives", place), 0.9)])[1]
    told = {arm: {each.get("negatives") for each in choices} for arm, choices in first.items()}
    assert {arm for arm in told if told[arm] == {3}} == {arm for arm in told if "pair" in arm}


def test_each_arm_over_pairs_tries_every_rule_at_its_best_settings():
    first = dml.rounds([])[1]
    found = [
        record(trial("dml_pair", i), 0.9 if told == first["dml_pair"][7] else 0.1)
        for i, told in enumerate(first["dml_pair"])
    ]
    again = dml.rounds(found)[1]
    *before, last = (again["dml_pair"][: len(first["dml_pair"])], again["dml_pair"][-12:])
    assert before == [first["dml_pair"]]
    best, free = first["dml_pair"][7], {"negatives": 0, "rate": 0}
    assert all(told | free == best | free for told in last)
    assert {told["negatives"] for told in last} == {1, 3, 10, "all"} - {best["negatives"]}
    assert len({(told["negatives"], told["rate"]) for told in last}) == 12
    assert again["cosface_id"] == first["cosface_id"]
    found.append(record(trial("dml_pair", len(again["dml_pair"]) - 1), 1.0))
    assert dml.choose(found)["dml_pair"] == last[-1]


@pytest.mark.parametrize("mean", [0.125, 0.225, 0.35, 0.55, 0.8])
def test_arms_that_are_one_loss_share_all_but_the_margins(mean):
    choices = dml.rounds([])[1]["pair_mean_bias"]
    place = next(i for i, told in enumerate(choices) if told["positive_margin"] == mean)
    chosen = dml.choose([record(trial("pair_mean_bias", place), 0.9)])
    one = chosen["pair_mean_bias"]
    assert one == choices[place]
    for arm, sign in (("dml_pair_bias", 1), ("dml_pair_reversed_bias", -1)):
        told = chosen[arm]
        assert {k: told[k] for k in told if k not in MARGIN_KEYS} == {
            k: one[k] for k in one if k not in MARGIN_KEYS
        }
        m_p, m_n = (told[key] for key in MARGIN_KEYS)
        assert (m_p + m_n) / 2 == pytest.approx(mean)
        assert sign * (m_n - m_p) > 0.1
    learnt, mean_of = chosen["dml_pair_classes"], chosen["pair_mean_classes"]
    assert learnt["classes"]
    assert mean_of["classes"]
    assert {mean_of[key] for key in MARGIN_KEYS} == {sum(learnt[k] for k in MARGIN_KEYS) / 2}
    total = sum(chosen["dml_id"][m] for m in MARGIN_KEYS)
    assert total == pytest.approx(chosen["cosface_id"]["margin"])
    assert all(chosen["dml_id"][k] == chosen["cosface_id"][k] for k in ("rate", "scale"))
    assert chosen["softmax_id"]["margin"] == 0


def test_the_tail_has_a_rule_for_negatives_of_its_own():
    found = all_tried(dml.rounds([])[:1])  # all negatives for the linear head
    third = dml.rounds(found)[3]["tail,negatives"]
    assert all(told["bias"] for told in third)
    place = next(i for i, told in enumerate(third) if told["negatives"] == 3)
    found.append(record(trial("tail,negatives", place), 0.9))
    chosen = dml.choose(found, "tail")
    assert set(chosen) == {f"tail,{arm}" for arm in dml.TAIL}
    counts = {arm: told.get("negatives") for arm, told in chosen.items()}
    pairs = [arm for arm in counts if "pair" in arm]
    assert {counts[arm] for arm in pairs} == {3}
    assert {counts[arm] for arm in set(counts) - set(pairs)} == {None}
    assert dml.choose(found)["dml_pair"]["negatives"] == "all"


def test_within_the_shop_each_fold_chooses_its_rate():
    found = [record(trial("in-shop1,infonce", 0), 0.9), record(trial("infonce", 3), 0.9)]
    here, there = dml.choose(found, "in-shop"), dml.choose(found)
    rates = [told["rate"] for told in dml.SHOP_RATES]
    assert set(here) == set(there)
    assert here["infonce"]["rates"] == (rates[1], rates[0], rates[1], rates[1], rates[1])
    without = {k: v for k, v in there["infonce"].items() if k != "rate"}
    assert {k: v for k, v in here["infonce"].items() if k != "rates"} == without
    assert here["dml_pair_bias"]["rates"] == here["pair_mean_bias"]["rates"]
    arms = {arm for arm in dml.rounds([], "full")[4] if arm.startswith("in-shop")}
    assert {dml.fold_of(trial(arm, 0)) for arm in arms} == set(range(5))
    assert {dml.tuned_on(arm) for arm in arms} == {"shop-views-in-shop"}
    assert dml.fold_of("trial,tail,dml_pair,2") == dml.fold_of("dml_pair") == 0


@pytest.mark.parametrize("arm", ["tail,infonce", "in-shop2,dml_pair"])
def test_a_grid_of_rates_goes_on_beyond_its_edge(arm):
    tried = dml.rounds([])[4][arm]
    others = [record(trial(arm, number), 0.0) for number in range(3, len(tried))]
    rates = [told["rate"] for told in tried[:3]]
    inside = [record(trial(arm, number), mark) for number, mark in enumerate((0.1, 0.3, 0.2))]
    assert dml.rounds(others + inside)[5][arm] == tried
    low = [record(trial(arm, number), mark) for number, mark in enumerate((0.3, 0.2, 0.1))]
    *before, more = dml.rounds(others + low)[5][arm]
    assert before == tried
    assert more == tried[0] | {"rate": pytest.approx(rates[0] ** 2 / rates[1])}
    fold = dml.fold_of(trial(arm, 0))
    better = [*low, record(trial(arm, len(tried)), 0.4)]
    for found, rate in ((low, rates[0]), (better, more["rate"])):
        if arm.startswith("tail"):
            assert dml.choose(others + found, "tail")[arm]["rate"] == rate
        else:
            assert dml.choose(others + found, "in-shop")["dml_pair"]["rates"][fold] == rate


def test_tails_try_three_sharpnesses_with_what_the_linear_layer_had_there():
    first, tried = dml.rounds([])[1], dml.rounds([])[4]
    for arm in dml.TAIL:
        told = tried[f"tail,{arm}"]
        sharp = [each.get("scale") or 1 / each["temperature"] for each in told]
        assert sharp == pytest.approx([s for s in (5.0, 15.0, 45.0) for _ in dml.TAIL_RATES])
        assert [each["rate"] for each in told] == 3 * [rate["rate"] for rate in dml.TAIL_RATES]
    place = [i for i, told in enumerate(first["dml_pair"]) if told["scale"] == 15.0][-1]
    found = [record(trial("dml_pair", place), 0.2), record(trial("dml_pair", 0), 0.4)]
    sharp = next(t for t in dml.rounds(found)[4]["tail,dml_pair"] if t["scale"] == 15.0)
    kept = {key: value for key, value in first["dml_pair"][place].items() if key != "rate"}
    assert {key: sharp[key] for key in kept} == kept  # the margins that were best at 15


def test_finals_of_a_tail_compare_sharpnesses_at_full_length():
    arm, tried = "tail,cosface_id", dml.rounds([])[4]["tail,cosface_id"]
    found = [record(trial(arm, number), 0.5 - 0.01 * number) for number in range(len(tried))]
    last = dml.rounds(found)[6][f"final,{arm}"]
    scales = [told["scale"] for told in last]
    assert sorted(scales) == sorted({told["scale"] for told in tried})
    assert dml.choose(found, "tail")[arm] == last[0]  # until the finals have run
    found.append(record(trial(f"final,{arm}", 2), 0.9))
    assert dml.choose(found, "tail")[arm] == last[2]
    steps = dml.preset(dml.BUDGET, "full")["tail_steps"]
    assert dml.budget("wardrobe-garments", "full", trial(f"final,{arm}", 2))["steps"] == steps
    assert dml.budget("wardrobe-garments", "full", trial(arm, 2))["steps"] == steps / 4
    assert dml.seeds_of_trial(f"final,{arm}") == (0,)
    assert dml.seeds_of_trial("final,cosface_id") == (0, 1)


def test_arms_over_pairs_are_tried_with_losses_that_are_nearly_linear():
    best = dml.choose([])["pair_cosface"]
    soft = dml.rounds([])[3]
    assert set(soft) == {"tail,negatives", *(f"soft,{arm}" for arm in dml.SOFTENED)}
    choices = soft["soft,pair_cosface"]
    grid = [(s["scale"], best["negatives"], r["rate"]) for s in dml.SOFT for r in dml.RATES]
    others = [c["negatives"] for c in dml.COUNTS if c["negatives"] != best["negatives"]]
    grid += [(dml.SOFT[0]["scale"], rule, r["rate"]) for rule in others for r in dml.RATES]
    assert [(c["scale"], c["negatives"], c["rate"]) for c in choices] == grid
    assert {c["positive_margin"] for c in choices} == {best["positive_margin"]}
    found = [record(trial("soft,pair_cosface", 5), 0.9), record(trial("soft,pair_cosface", 0), 0.8)]
    assert dml.rounds(found)[4]["final,soft,pair_cosface"] == [choices[5], choices[0]]
    assert dml.choose(found, "soft")["soft,pair_cosface"] == choices[5]
    assert dml.choose(found)["pair_cosface"] == best  # which soft losses leave as it was
    found += [record(trial("final,soft,pair_cosface", i), i) for i in range(2)]
    assert dml.choose(found, "soft")["soft,pair_cosface"] == choices[0]
    sizes = [dml.budget("wardrobe-garments", "full", a)["steps"] for a in ("soft,x", "x")]
    assert sizes[0] == sizes[1]
    assert dml.budget("wardrobe-garments", "full", trial("soft,x", 0))["steps"] == sizes[1] / 4
    assert dml.budget("wardrobe-garments", "full", trial("final,soft,x", 0))["steps"] == sizes[1]


def test_dmls_mean_and_its_margins_exchanged_run_at_its_own_settings():
    found = [record(trial("dml_pair", 7), 0.9)]
    arms, told = dml.more_arms(found, "full"), dml.choose(found)["dml_pair"]
    m_p, m_n = (told[key] for key in MARGIN_KEYS)
    assert arms["dml_pair,swapped"] == told | dml.pair(m_n, m_p)
    assert arms["dml_pair,mean"] == told | dml.pair((m_p + m_n) / 2, (m_p + m_n) / 2)


def test_a_soft_loss_is_linear_and_knows_no_margin():
    u = torch.linspace(-2, 2, 9, dtype=torch.float64, requires_grad=True)
    positive = torch.tensor([True, False] * 4 + [True])
    slopes = []
    for margins in ((0.0, 0.0), (0.4, 0.7)):
        loss = dml.pair_margin_loss(u, positive, *margins, 0.05) / 0.05
        slopes.append(torch.autograd.grad(loss, u)[0])
        expected = torch.where(positive, -0.5 / 5, 0.5 / 4) / 2
        torch.testing.assert_close(slopes[-1], expected.double(), rtol=0.08, atol=0)


def test_the_sweep_moves_nothing_but_the_constant():
    arms = dml.sweep()
    panels = len(dml.TWO) + 1  # fixed thresholds, and a learnt one
    assert len(arms) == panels * len(dml.SHIFTS) + len(dml.SHARP) * 3 + 2
    assert min(dml.SHIFTS) <= -1
    for name, told in arms.items():
        _, mean, b, *ending = name.split(",")
        m_p, m_n = (told[key] for key in MARGIN_KEYS)
        assert ((m_p + m_n) / 2, (m_n - m_p) / 2) == pytest.approx((float(mean), float(b)))
        assert told.get("bias", False) == (ending == ["bias"])
        assert told.get("classes", False) == (ending == ["classes"])
        sharp = ending[0].removeprefix("s=") if ending and "=" in ending[0] else 5
        assert told["scale"] == float(sharp)
        dml.make_criterion(4, 8, **told)  # no margin is refused
    others = {key for told in arms.values() for key in told} - {
        *MARGIN_KEYS,
        "bias",
        "scale",
        "classes",
    }
    assert all(len({told[key] for told in arms.values()}) == 1 for key in others)


def seeds_at_full(jobs):
    """How many seeds each arm has on each data set: (data, arm) -> seeds."""
    last = [(job.data, job.arm) for job in jobs if job.stage == 7]
    return {names: last.count(names) for names in last}


@pytest.mark.parametrize("here", [dml.DECIDE, ("wardrobe-garments",)], ids=["all", "no photos"])
def test_the_plan_goes_round_by_round_and_ends(monkeypatch, here):
    monkeypatch.setattr(dml.opening, "present", lambda data, *_: data in here)
    assert {job.stage for job in dml.plan("full", [])} == {0}
    found = []
    for stage in range(7):
        for _ in range(5):  # a round grows: rules for negatives, then soft losses
            found = all_tried(
                {arm: told for arm, told in arms.items() if dml.tuned_on(arm) in here}
                for arms in dml.rounds(found)[: stage + 1]
            )
        jobs = dml.plan("full", found)
        assert max(job.stage for job in jobs) == stage + 1
    assert {job.data for job in jobs} == set(here)
    seeds = seeds_at_full(jobs)
    of = {arm: count for (data, arm), count in seeds.items() if data == "wardrobe-garments"}
    assert of["dml_pair"] == of["shift,0.225,0.25"] == of["shift,0.225,0,bias"] == 10
    assert of["tail,dml_pair"] == of["twice,cosface_id"] == 5
    assert of["shift,0.125,-0.5"] == of["dml_id"] == of["triplet"] == 3


def test_every_comparison_of_the_ledger_is_in_the_plan():
    ledger = claims.read(chapters.book_root() / "book/claims/dml.yml")
    seeds = seeds_at_full(dml.runs_of("full", [], dml.DATA, 7))
    tests = dict.fromkeys(("shop-views-composite", "shop-views-back"), "wardrobe-garments")
    deciding = 0
    for claim in ledger.claims:
        for entry in (each for each in claim.evidence if "contrast" in each):
            deciding += len(entry["data"])
            for arm in entry["contrast"]:
                for data in entry["data"]:
                    assert seeds[tests.get(data, data), arm] >= 3, (claim.id, arm, data)
                if arm.startswith("tail,"):
                    assert entry["starts"][arm] == ["trunk", arm.removeprefix("tail,")]
            photos = [data for data in entry["data"] if data != "wardrobe-garments"]
            assert not photos or claim.delta == 0.03  # items alone leave two points
    assert deciding <= 27  # Holm's family


@pytest.mark.parametrize("arm", sorted(dml.choose([])))
def test_every_arm_trains_embedding_and_its_own_weights(arm):
    torch.manual_seed(0)
    _, items, domains = batch(items=6, dim=8)
    order = items.argsort(stable=True)  # as the sampler has them
    items, domains = items[order], torch.tensor([STREET, SHOP]).repeat(6)
    embeddings = torch.randn(12, 8, requires_grad=True)
    criterion = dml.make_criterion(6, 8, **dml.choose([])[arm])
    loss = criterion(embeddings, items, domains)
    loss.backward()
    assert loss.isfinite()
    assert embeddings.grad.abs().sum() > 0
    assert all(p.grad is not None for p in criterion.parameters())


def test_library_losses_see_pairs_of_two_domains_only():
    data = batch(items=3, street=2, shop=1)
    e, items, domains = F.normalize(data[0]), *data[1:]
    near, far, triplets = [], [], []
    for i in torch.where(domains == STREET)[0]:
        apart = {j.item(): (e[i] - e[j]).norm() for j in torch.where(domains == SHOP)[0]}
        (own,) = (away for j, away in apart.items() if items[j] == items[i])
        others = [away for j, away in apart.items() if items[j] != items[i]]
        near.append(own - 0.1)
        far += [1.1 - away for away in others]
        triplets += [own - away + 0.2 for away in others]

    def mean(losses):  # of those that are not zero, as the library reduces
        return sum(x for x in losses if x > 0) / max(sum(x > 0 for x in losses), 1)

    told = {"loss": "contrastive", "pos_margin": 0.1, "neg_margin": 1.1}
    found = dml.make_criterion(3, 6, **told)(*data)
    torch.testing.assert_close(found, mean(near) + mean(far), rtol=1e-6, atol=0)
    found = dml.make_criterion(3, 6, loss="triplet", margin=0.2)(*data)
    torch.testing.assert_close(found, mean(triplets), rtol=1e-6, atol=0)


def test_the_identity_is_checked_at_the_margins_and_seed_of_a_run():
    told = {"m_p": 0.05, "m_n": 0.15, "scale": 45.0}
    first, second = (dml.identity_error(**told, seed=seed) for seed in (0, 1))
    assert max(first, second) < 1e-10
    assert first != second  # other numbers
    assert dml.identity_error(m_p=0.05, m_n=0.15, scale=5.0) != first


@pytest.mark.parametrize("arm", ["dml_id", "cosface_id", "softmax_id", "arcface_id"])
def test_class_weights_start_at_the_items_mean_direction(arm):
    embeddings = F.normalize(torch.randn(8, 4))
    items = torch.tensor([2, 0, 1, 0, 2, 1, 1, 0])
    criterion = dml.make_criterion(3, 4, **dml.choose([])[arm])
    dml.start_at_item_means(criterion, embeddings, items)
    weight = criterion.loss.W.T if hasattr(criterion.loss, "W") else criterion.loss.weight
    expected = [F.normalize(embeddings[items == item].mean(0), dim=0) for item in range(3)]
    torch.testing.assert_close(weight.detach(), torch.stack(expected))


@pytest.fixture(scope="module")
def garments():
    return dml.load_data("wardrobe-garments", "smoke")


def test_every_arm_starts_with_mean_zero(garments):
    stem, model = dml.build("dml_pair", "smoke", 0)
    data = Bench(garments, stem)
    before = model.head.weight.clone()
    dml.centre(model, data, 8, seed=0)
    assert torch.equal(model.head.weight, before)
    batches = data.batches(items=8, steps=8, seed=0)
    with torch.no_grad():
        mean = torch.stack([model(data.stem(b)).mean(0) for b in batches]).mean(0)
    torch.testing.assert_close(mean, torch.zeros_like(mean), atol=1e-5, rtol=0)


@pytest.fixture
def where(tmp_path):
    place = {"scale": "smoke", "device": "cpu", "progress": False}
    return place | {"results": str(tmp_path), "data_root": str(tmp_path)}


def test_a_run_starts_centred_unless_told_otherwise(where):
    told = dml.choose([])["dml_pair"] | {"rate": 1e-9}
    means = {}
    for centred in (True, False):
        _, model, _, rows = dml.train("wardrobe-garments", "a", told, 0, where, centred=centred)
        with torch.no_grad():
            batches = rows.batches(items=8, steps=8, seed=0)
            means[centred] = torch.stack([model(rows.stem(b)).mean(0) for b in batches]).mean(0)
    assert means[True].norm() < 1e-4
    assert means[False].norm() > 0.1


def test_each_fold_trains_at_its_own_rate(where):
    told = {k: v for k, v in dml.choose([])["dml_pair"].items() if k != "rate"}
    told |= {"rates": (1e-9, 1e-2)}
    start = dml.build("dml_pair", "smoke", 0)[1].head.weight
    moved = [
        (dml.train("wardrobe-garments", "a", told, 0, where, fold)[1].head.weight - start).norm()
        for fold in (0, 1)
    ]
    assert moved[0] < 1e-4 < 0.01 < moved[1]


def test_gaps_are_asked_by_one_photo_an_item():
    for gap in (0.5, 1.0):
        asked = dml.at_gap(gap, "smoke").where(split="query")
        assert len(asked) == asked.n_items
    tests = dml.BUDGET["full"]["gaps"]
    assert {0.5, 1.0, 1.5} == set(tests)


def test_classifiers_start_with_a_low_loss(garments):
    stem, model = dml.build("cosface_id", "smoke", 0)
    data = Bench(garments, stem)
    dml.centre(model, data, 8, seed=0)
    settings = dml.choose([])["softmax_id"]
    items = torch.from_numpy(np.unique(garments.where(split="train").item))
    b = data.batches(items=8, steps=1, seed=0, augment=False).at(0)
    losses = {}
    for start in ("means", "random"):
        criterion = dml.criterion_for(settings, model, data, 128)
        if start == "random":
            criterion.loss.weight.data.normal_(generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            owners = torch.searchsorted(items, b.items)
            losses[start] = criterion(model(data.stem(b)), owners, b.domains).item()
    assert losses["means"] < 0.75 * losses["random"]


def test_rates_of_thresholds_and_class_weights():
    _, model = dml.build("dml_pair", "smoke", 0)
    told = {"pair": 10.0, "cosface": 1 / 3}
    for arm, loss in (("pair_mean_bias", "pair"), ("cosface_id", "cosface")):
        groups = dml.groups_of(model, dml.make_criterion(5, 128, **dml.choose([])[arm]), 0.01)
        assert [group["lr"] for group in groups] == pytest.approx([0.01, told[loss] * 0.01])
        assert groups[1]["weight_decay"] == 0


def test_scatter_is_the_mean_distance_to_the_classs_mean_direction(garments):
    stem, model = dml.build("dml_pair", "smoke", 0)
    search = Bench(garments, stem).search(model)
    cosines = np.clip(search.query @ search.gallery.T, -1, 1).astype(np.float64)
    found = search.retrieval
    same = found.query_items[:, None] == found.gallery_items
    report = dml.scatter(search)
    for name, kind in (("positive", same), ("negative", ~same)):
        z = np.stack([cosines[kind], np.sqrt(1 - cosines[kind] ** 2)], axis=1)  # (N, 2)
        mean = z.mean(0) / np.linalg.norm(z.mean(0))
        assert report[f"scatter_{name}"] == pytest.approx((1 - z @ mean).mean(), abs=1e-6)
    assert math.exp(report["log_scatter_negative"]) == pytest.approx(report["scatter_negative"])


def test_sizes_of_a_run():
    full = dml.budget("wardrobe-garments", "full", "dml_pair")["steps"]
    assert dml.budget("wardrobe-garments", "full", "twice,dml_pair")["steps"] == 2 * full
    assert dml.budget("wardrobe-garments", "full", "trial,dml_pair,3")["steps"] == full // 4
    tail = dml.budget("wardrobe-garments", "full", "tail,dml_pair")
    assert dml.budget("wardrobe-garments", "full", "trial,tail,dml_pair,1")["steps"] == (
        tail["steps"] // 4
    )
    assert dml.budget("wardrobe-garments", "full", "trial,final,dml_pair,1")["steps"] == full
    assert tail["steps"] >= 600
    assert dml.budget("deepfashion-c2s", "paper", "dml_pair")["size"] == 224


def test_a_job_is_recorded_query_by_query_and_a_trial_without_the_test(tmp_path, where):
    settings = dml.choose([])["dml_id"]
    for arm, told in (("dml_id", settings), ("trunk", {}), ("trial,dml_id,0", settings)):
        dml.do(Job("wardrobe-garments", arm, 0, told), where)
    found = {(r.data, r.arm): r for r in records.load(tmp_path)}
    names = {"wardrobe-garments", "wardrobe-garments-gap0.5"}
    assert {data for data, arm in found if arm == "dml_id"} == names
    tested = found["wardrobe-garments", "dml_id"]
    asked = records.per_query(tested, tmp_path)
    assert len(asked.item) == tested.counts["n_query"]
    assert tested.extra["identity_error"] < 1e-10
    assert tested.extra["settings"] == settings
    other = records.per_query(found["wardrobe-garments", "trunk"], tmp_path)
    assert np.array_equal(other.item, asked.item)
    tried = found["wardrobe-garments", "trial,dml_id,0"]
    assert tried.metrics == {}
    assert 0 < tried.extra["val_map"] <= 1


def test_data_of_the_papers_keep_validation_items_apart(monkeypatch):
    asked = []
    monkeypatch.setattr(dml.datasets, "load", lambda *a, **options: asked.append((a, options)))
    for name in ("deepfashion-c2s", "deepfashion-inshop", "darn"):
        dml.load_data(name, "paper", "somewhere")
    assert asked == [
        (("deepfashion-c2s", "somewhere"), {"val": 0.1}),
        (("deepfashion-inshop", "somewhere"), {"val": 0.1}),
        (("darn", "somewhere"), {}),
    ]
