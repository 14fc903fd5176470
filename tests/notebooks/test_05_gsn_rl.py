"""Chapter 05: grids, losses, programs, functions, kernels, controller and the plan of runs."""

import itertools
import json
import math
import os
from dataclasses import replace

import numpy as np
import pytest
import torch
from pytorch_metric_learning import losses
from torch import nn
from torch.nn import functional as F
from tried import all_tried

from fashret_utils import chapters, retrieval
from fashret_utils.data import SHOP, STREET
from fashret_utils.evidence import claims, records
from fashret_utils.evidence.records import Record
from fashret_utils.models import cut, trunk
from fashret_utils.models.programs import bandit, controls, language, ranking
from fashret_utils.models.programs.images import training_set
from fashret_utils.training import Bench, Job, trials
from fashret_utils.training.measures.neighbours import InGrids

gsn = chapters.definitions("05_gsn_rl")
REAL = pytest.mark.skipif(
    not os.environ.get("FASHRET_DATA"), reason="needs FASHRET_DATA with mnist"
)


def programs(n_operands, count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return gsn.random_programs(n_operands, count, generator).tolist()


def dark_images(n, d=40, seed=0):
    """Images (n, d) float64 that are mostly black, some pixels in all of them."""
    random = np.random.default_rng(seed)
    images = random.random((n, d)) * (random.random((n, d)) < 0.3)
    images[:, d // 2 : d // 2 + 8] = 0
    return images


@pytest.fixture(scope="module")
def garments():
    return gsn.load_data("wardrobe-garments", "smoke")


@pytest.fixture(scope="module")
def model():
    return gsn.build("gsn", "smoke", seed=0)[1].eval()


# The grid


def test_one_cell_is_the_querys_path(model):
    maps = torch.randn(3, 192, 3, 3)
    with torch.no_grad():
        torch.testing.assert_close(model(maps[:, None])[:, 0], model(maps), atol=1e-5, rtol=0)


def test_tiles_lie_row_by_row():
    cells = torch.arange(9.0)[:, None, None, None].expand(9, 3, 2, 2)[None]
    grid = gsn.tile(cells)
    assert grid.shape == (1, 3, 6, 6)
    for corner in ((0, 0), (1, 1)):
        rows = grid[0, 0, corner[0] :: 2, corner[1] :: 2]
        assert rows.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    with pytest.raises(ValueError, match="8 cells make no square"):
        gsn.tile(cells[:, :8])


def test_permuting_cells_permutes_the_map_exactly_without_neighbours():
    """With layers that do not look beyond a position nothing leaks."""
    local = gsn.GridSearchNetwork(nn.Conv2d(6, 8, 1), 8, 5, seed=0)
    cells, order = torch.randn(2, 9, 6, 3, 3), torch.randperm(9)
    with torch.no_grad():
        first = local(cells)
        torch.testing.assert_close(local(cells[:, order]), first[:, order])
        torch.testing.assert_close(first, local(cells.flatten(0, 1)).unflatten(0, (2, 9)))


def test_a_map_that_cells_cannot_share_is_refused():
    network = gsn.GridSearchNetwork(nn.Conv2d(6, 8, 2), 8, 5, seed=0)  # a map one value smaller
    with pytest.raises(ValueError, match="need equal shares"):
        network(torch.randn(1, 9, 6, 3, 3))


def test_all_arms_of_a_kind_start_alike():
    for arms in (("gsn", "gsn_separate", "infonce"), ("head,gsn", "head,infonce_wide")):
        starts = [gsn.build(arm, "smoke", seed=3)[1].state_dict() for arm in arms]
        for other in starts[1:]:
            assert all(torch.equal(starts[0][key], other[key]) for key in starts[0])


def test_batch_statistics_stay_in_every_arm(model):
    """Frozen also while training: grids and single pictures have others."""
    before = {k: v.clone() for k, v in model.tail.named_buffers()}
    model.train()
    model(torch.randn(2, 9, 192, 3, 3))
    model(torch.randn(2, 192, 3, 3))
    model.eval()
    assert before
    assert all(torch.equal(v, before[k]) for k, v in model.tail.named_buffers())


def test_a_grid_of_maps_does_not_leak_in_the_frozen_stem():
    """The stem sees pictures one by one; through a grid of pixels it looks over the borders."""
    stem, _ = cut(trunk("lite0"), after=gsn.CUT)
    pictures = torch.randint(0, 256, (1, 4, 3, 96, 96), dtype=torch.uint8)
    other = pictures.clone()
    other[:, 1:] = 255 - other[:, 1:]  # the neighbours of the first cell change
    of_maps = [gsn.tile(stem(p[0])[None])[..., :3, :3] for p in (pictures, other)]
    of_pixels = [stem(gsn.tile(p))[..., :3, :3] for p in (pictures, other)]
    assert torch.equal(*of_maps)
    assert (of_pixels[0] - of_pixels[1]).abs().max() > 0.1


# The losses


def loss_by_loop(similarity, match, high, low, power=1):
    positive, negative = [], []
    for s, y in zip(similarity.flatten().tolist(), match.flatten().tolist(), strict=True):
        if y:
            positive.append(max(0, high - s) ** power)
        else:
            negative.append(max(0, s - low) ** power)
    return sum(positive) / max(1, len(positive)) + sum(negative) / max(1, len(negative))


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("margins", [(0.8, 0.0), (0.6, 0.3), (0.9, -0.1)])
def test_loss_is_the_loop_over_cells(margins, power):
    generator = torch.Generator().manual_seed(0)
    maps = 2 * torch.rand(5, 9, generator=generator, dtype=torch.float64) - 1
    match = torch.rand(5, 9, generator=generator) < 0.3
    for wanted in (match, torch.zeros_like(match), torch.ones_like(match)):
        found = gsn.double_margin_loss(maps, wanted, *margins, power=power)
        assert found.item() == pytest.approx(loss_by_loop(maps, wanted, *margins, power), 1e-12)


def test_cells_on_the_right_side_of_their_margin_have_no_gradient():
    maps = torch.tensor([0.9, 0.7, -0.1, 0.2], dtype=torch.float64, requires_grad=True)
    match = torch.tensor([True, True, False, False])
    gsn.double_margin_loss(maps, match).backward()
    assert maps.grad.tolist() == [0, -0.5, 0, 0.5]


def test_loss_refuses_margins_and_shapes_that_make_no_sense():
    with pytest.raises(ValueError, match="high above low"):
        gsn.double_margin_loss(torch.zeros(2), torch.ones(2, dtype=torch.bool), 0.0, 0.5)
    with pytest.raises(ValueError, match="expected one shape"):
        gsn.double_margin_loss(torch.zeros(2), torch.ones(3, dtype=torch.bool))


def test_cosine_map_is_the_loop():
    query, cells = torch.randn(2, 7), torch.randn(2, 9, 7)
    found = gsn.cosine_map(query, cells)
    for b, i in itertools.product(range(2), range(9)):
        expected = F.cosine_similarity(query[b], cells[b, i], dim=0)
        torch.testing.assert_close(found[b, i], expected)


@pytest.mark.parametrize("temperature", [0.05, 0.5])
def test_info_nce_is_the_librarys_and_the_loop(temperature):
    torch.manual_seed(0)
    query, cells = torch.randn(5, 8, dtype=torch.float64), torch.randn(21, 8, dtype=torch.float64)
    items, owners = torch.arange(5), torch.arange(21) % 7
    maps = F.normalize(query) @ F.normalize(cells).T
    match = items[:, None] == owners
    found = gsn.info_nce(maps, match, temperature).item()
    library = losses.NTXentLoss(temperature)
    expected = library(query, items, ref_emb=cells, ref_labels=owners).item()
    assert found == pytest.approx(expected, rel=1e-6)
    terms = []
    for i, j in match.nonzero().tolist():
        wrong = sum(math.exp(s / temperature) for s in maps[i][~match[i]].tolist())
        own = math.exp(maps[i, j].item() / temperature)
        terms.append(-math.log(own / (own + wrong)))
    assert found == pytest.approx(sum(terms) / len(terms), rel=1e-9)


def searches(queries=3, cells=9, dim=6, seed=0):
    """Embeddings and items of searches: queries, cells, items, owners."""
    generator = torch.Generator().manual_seed(seed)
    query = torch.randn(queries, dim, generator=generator, requires_grad=True)
    found = torch.randn(queries, cells, dim, generator=generator)
    items = torch.arange(queries)
    owners = (items[:, None] + torch.arange(cells)) % 7
    return query, found, items, owners


def test_own_cells_and_all_cells_are_the_loop():
    query, cells, items, owners = searches()
    settings = {"loss": "double_margin", "high": 0.8, "low": 0.0}
    own = gsn.SearchLoss(on="cells", **settings)(query, cells, items, owners)
    maps = torch.stack([F.cosine_similarity(q[None], c) for q, c in zip(query, cells, strict=True)])
    match = items[:, None] == owners
    assert own.item() == pytest.approx(loss_by_loop(maps, match, 0.8, 0.0), rel=1e-5)
    every = gsn.SearchLoss(on="batch", **settings)(query, cells, items, owners)
    maps = F.normalize(query) @ F.normalize(cells.flatten(0, 1)).T
    match = items[:, None] == owners.flatten()
    assert every.item() == pytest.approx(loss_by_loop(maps, match, 0.8, 0.0), rel=1e-5)


def test_for_a_pooled_trunk_a_grid_is_its_cells(garments):
    _, head = gsn.build("head,gsn", "smoke", seed=0)
    levels = tuple(torch.randn(20, n) for n in (40, 112, 320))
    for grid, cells in zip(
        gsn.embed_searches(head, levels, 9, "grid"),
        gsn.embed_searches(head, levels, 9, "cells"),
        strict=True,
    ):
        assert torch.equal(grid, cells)


@pytest.mark.parametrize("arm", [*gsn.choose([]), *gsn.choose([], heads=True)])
def test_every_arm_has_a_loss_that_reaches_the_query(arm):
    told = (gsn.choose([]) | gsn.choose([], heads=True))[arm]
    query, cells, items, owners = searches(cells=told["shape"][0] ** 2)
    criterion = gsn.criterion_of(told)
    loss = criterion(query, cells, items, owners)
    loss.backward()
    assert loss.isfinite()
    assert query.grad.abs().sum() > 0
    assert all(p.grad is not None for p in criterion.parameters())


def test_one_search_can_be_learnt_by_heart():
    """Positives get above the high margin and negatives below the low one: loss 0."""
    network = gsn.build("gsn", "smoke", seed=0)[1].train()
    maps, owners = torch.randn(1, 10, 192, 3, 3), torch.tensor([[5, 1, 2, 3, 4, 6, 7, 5, 8]])
    criterion = gsn.SearchLoss("double_margin", "grid", high=0.8, low=0.0)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    for _ in range(100):
        query, cells = gsn.embed_searches(network, maps.flatten(0, 1), 9, "grid")
        loss = criterion(query, cells, torch.tensor([5]), owners)
        if loss == 0:
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss == 0


# Batches of searches


def test_searches_hold_positives_and_other_items(garments):
    rows = garments.where(split="train")
    sampler = gsn.SearchSampler(rows, 4, (3, 2), seed=1)
    batch = sampler.rows(2).reshape(4, 10)
    assert np.array_equal(batch, gsn.SearchSampler(rows, 4, (3, 2), seed=1).rows(2).reshape(4, 10))
    assert not np.array_equal(batch[:, 0], sampler.rows(1).reshape(4, 10)[:, 0])
    match = rows.item[batch[:, 1:]] == rows.item[batch[:, :1]]
    assert (match.sum(1) == 2).all()
    assert len(set(rows.item[batch[:, 0]])) == 4
    assert (rows.domain[batch[:, 0]] == STREET).all()
    assert (rows.domain[batch[:, 1:]] == SHOP).all()
    assert all(len(set(cells)) == 9 for cells in batch[:, 1:].tolist())


def test_processes_ask_other_queries(garments):
    rows = garments.where(split="train")
    parts = [gsn.SearchSampler(rows, 3, (3, 2), rank=r, world=2).rows(0)[::10] for r in (0, 1)]
    assert not set(rows.item[parts[0]]) & set(rows.item[parts[1]])


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_a_share_of_the_negatives_is_hard(garments, share):
    rows = garments.where(split="train")
    hard = gsn.nearest_others(gsn.of_trunk, rows, near=8)
    batch = gsn.SearchSampler(rows, 4, (3, 2), share, hard).rows(0).reshape(4, 10)
    for query, *cells in batch.tolist():
        assert np.isin(cells, hard[query]).sum() >= round(7 * share)
        assert len(set(cells)) == 9
        assert (rows.item[cells] == rows.item[query]).sum() == 2


def test_hard_negatives_are_the_nearest_of_other_items(garments):
    rows = garments.where(split="train")
    found = gsn.nearest_others(gsn.of_trunk, rows, near=4)
    street, shop = (np.flatnonzero(rows.domain == d) for d in (STREET, SHOP))
    vectors = gsn.of_trunk(rows)
    assert set(found) == set(street)
    query = street[3]
    others = shop[rows.item[shop] != rows.item[query]]
    nearest = others[np.argsort(-(vectors[others] @ vectors[query]), kind="stable")][:4]
    assert found[query].tolist() == nearest.tolist()


def test_too_few_shop_pictures_for_a_grid_are_refused(garments):
    few = garments.where(split="train")
    few = few.take(np.flatnonzero(np.isin(few.item, np.unique(few.item)[:4])))
    with pytest.raises(ValueError, match="16 shop pictures: grids need 22"):
        gsn.SearchSampler(few, 2, (3, 2))


# What cells see


def test_position_shift_is_zero_without_neighbours(garments):
    stem, _ = cut(trunk("lite0"), after=gsn.CUT)
    local = gsn.GridSearchNetwork(nn.Conv2d(192, 8, 1), 8, 6, seed=0)
    maps = gsn.maps_of_test(local, Bench(garments, stem), grids=6)[3]
    found = gsn.shifts(maps)
    assert max(v for k, v in found.items() if k.startswith("maps")) < 1e-5
    assert found["pixels_shift_p95"] > found["pixels_shift_mean"] > 1e-3


def test_pictures_in_grids_come_back_in_order():
    local = gsn.GridSearchNetwork(nn.Conv2d(6, 8, 1), 8, 5, seed=0)
    wide = gsn.GridSearchNetwork(nn.Conv2d(6, 8, 3, padding=1), 8, 5, seed=0)
    for count in (4, 9, 20):
        maps = torch.randn(count, 6, 3, 3)
        with torch.no_grad():
            torch.testing.assert_close(InGrids(local)(maps), local(maps))
            assert not torch.allclose(InGrids(wide)(maps), wide(maps))


# The language


def test_the_published_tokens_decode_to_the_published_formula():
    assert gsn.formula(gsn.DISCOVERED, gsn.PAIRS) == "min(sin(x·y), sin(⟨x, y⟩/d))"
    assert gsn.operands_used(gsn.DISCOVERED, 7) == {5, 6}


def test_every_operation_of_the_authors_code():
    """All unary and binary tokens against NumPy, on vectors of 3 and on scalars."""
    mean = language.FeatureMean(torch.ones(3, dtype=torch.float64))
    unary, binary = language.operations(mean)
    v = np.array([[0.3, -1.2, 0.7], [2.0, 0.1, -0.4]])
    u = v[::-1].copy()
    expected = [
        v, -v, abs(v), v**2, v**3, np.sqrt(abs(v)), np.exp(v), np.sin(v), np.cos(v), np.sinh(v),
        np.cosh(v), np.tanh(v), np.maximum(v, 0), np.minimum(v, 0), 1 / (1 + np.exp(-v)),
        np.log(1 + np.exp(v)), abs(v).sum(1, keepdims=True) / 3,
        np.sqrt((v**2).sum(1, keepdims=True)) / 3,
    ]  # fmt: skip
    assert len(unary) == len(language.UNARY_TEXT) == len(expected)
    for function, values in zip(unary, expected, strict=True):
        np.testing.assert_allclose(function(torch.tensor(v)), values, rtol=1e-12)
    expected = [v + u, v * u, v - u, np.maximum(v, u), np.minimum(v, u)]
    expected += [(v * u).sum(1, keepdims=True) / 3, np.exp(-abs(v - u)), v]
    assert len(binary) == len(language.BINARY_TEXT) == len(expected)
    for function, values in zip(binary, expected, strict=True):
        np.testing.assert_allclose(function(torch.tensor(v), torch.tensor(u)), values, rtol=1e-12)
    number = torch.tensor([[2.0]], dtype=torch.float64)
    for place in (16, 17):
        assert unary[place](-number) == -2  # the norm of a scalar is the scalar
    assert binary[language.DOT](number, number) == 4


def test_a_program_is_computed_unit_by_unit():
    tokens = [0, 3, 1, 0, gsn.MINUS, 2, 1, 0, 2, language.TIMES]  # -(x^2 - y) * |x|
    text = gsn.formula(tokens, ("x", "y"))
    assert text == "−((x)² − y) · |x|"
    unary, binary = language.operations(None)
    values = torch.tensor([3.0]), torch.tensor([4.0])
    inputs = [lambda: values[0], lambda: values[1]]
    assert gsn.interpret(tokens, inputs, unary, binary).item() == -(3**2 - 4) * 3


def test_unused_units_and_inputs_are_not_computed():
    def never():
        raise AssertionError("computed")

    tokens = [0, 6, 0, 6, 0, 1, 0, 0, 6, gsn.LEFT]
    inputs = [never, lambda: torch.tensor([5.0])]
    assert gsn.interpret(tokens, inputs, *language.operations(None)).item() == 5


def test_the_space_has_as_many_programs_as_the_authors_say():
    sizes = gsn.choices(7)
    assert math.prod(sizes[:5]) == 127_008
    assert math.prod(sizes[5:]) == 165_888


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ([], "0 tokens: expected units of 5"),
        ([0] * 9, "9 tokens"),
        ([7, 0, 0, 0, 0], "token 0 is 7: expected a number from 0 to 6"),
        ([0, 18, 0, 0, 0], "token 1 is 18: expected a number from 0 to 17"),
        ([0, 0, 0, 0, 8], "token 4 is 8: expected a number from 0 to 7"),
        ([0] * 5 + [8, 0, 0, 0, 0], "token 5 is 8: expected a number from 0 to 7"),
        ([-1, 0, 0, 0, 0], "token 0 is -1"),
    ],
)
def test_token_lists_that_are_no_program_are_refused(tokens, message):
    with pytest.raises(ValueError, match=message):
        gsn.decode_kernel(tokens)


# Functions over embeddings


@pytest.fixture
def part():
    torch.manual_seed(0)
    query, gallery = torch.randn(40, 12).double(), torch.randn(60, 12).double()
    items, owners = torch.arange(40) // 2, torch.arange(60) // 3
    gallery = gallery + 1.5 * query[::2].repeat_interleave(3, 0)
    return gsn.Part(query, gallery, items[:, None] == owners)


def test_identity_leaves_the_metrics_unchanged(part):
    owners = np.arange(60) // 3
    sides = part.query.numpy(), part.gallery.numpy()
    expected = retrieval.evaluate(*sides, np.arange(40) // 2, owners, k=1)
    center = torch.zeros(12, dtype=torch.float64)
    precision, _ = part.after(gsn.decode_transform(gsn.IDENTITY, center))
    assert precision.mean().item() == pytest.approx(expected.metrics["map"], rel=1e-6)
    reward = gsn.transform_reward(gsn.IDENTITY, [part, part], center)
    assert reward == pytest.approx(expected.metrics["map"], rel=1e-6)


def test_transforms_use_embedding_size_and_centre(part):
    center, e = part.gallery.mean(0), part.query
    for operand, expected in enumerate((e, e * math.sqrt(12), e - center)):
        tokens = [operand, 0, 0, 0, gsn.LEFT]
        torch.testing.assert_close(gsn.decode_transform(tokens, center)(e), expected)
    tokens = [0, 3, 0, 0, gsn.LEFT, 3, 6, 0, 0, gsn.LEFT]  # exp(e^2) is clipped
    assert gsn.decode_transform(tokens, center)(4 * e).max() <= 1e4


def test_constant_infinite_and_collapsed_functions_have_no_reward(part):
    center = part.gallery.mean(0)
    as_number = [0, 17, 0, 0, gsn.LEFT]
    assert gsn.transform_reward(as_number, [part], center) == 0
    assert gsn.transform_reward([2, 0, 0, 0, gsn.LEFT], [part], center * math.nan) == 0
    unit = gsn.Part(*(F.normalize(s) / 40 for s in (part.query, part.gallery)), part.right)
    cosine = [0, 8, 0, 0, gsn.LEFT]  # cos(e): all cosines within 1e-6 of 1
    with pytest.raises(ranking.CollapsedSimilaritiesError):
        unit.after(gsn.decode_transform(cosine, center))
    assert gsn.transform_reward(cosine, [unit], center) == 0
    assert gsn.transform_reward(gsn.IDENTITY, [unit], center) > 0


def test_a_reward_is_the_mean_over_folds(part):
    center = part.gallery.mean(0)
    other = gsn.Part(part.query[:20], part.gallery, part.right[:20])
    alone = [gsn.transform_reward(gsn.CENTRED, [each], center) for each in (part, other)]
    both = gsn.transform_reward(gsn.CENTRED, [part, other], center)
    assert both == pytest.approx(sum(alone) / 2)


def test_folds_share_no_item_with_each_other_or_with_the_choice(garments):
    space = gsn.frozen("smoke", "")[0]
    assert len(space.folds) == 4
    count = lambda part: len(np.unique(part.right.numpy(), axis=0))  # noqa: E731, an item a pattern
    assert sum(map(count, space.folds)) == gsn.preset(gsn.BUDGET, "smoke")["reward_items"]
    val, train = (garments.where(split=split) for split in ("val", "train"))
    assert count(space.second) == val.n_items
    learnt = gsn.space_of(gsn.of_trunk, "smoke", "", learnt=True)  # knows the training items
    assert sum(map(count, learnt.folds)) + count(learnt.second) == val.n_items
    assert count(learnt.second) == val.n_items // 2
    seen = torch.from_numpy(gsn.of_trunk(val.where(domain="street"))).double()
    rewarded = torch.cat([fold.query for fold in learnt.folds])
    assert torch.equal(torch.cat([rewarded, learnt.second.query]), seen)
    assert len(learnt.center) == 472
    assert len(learnt.train) == len(train)


def test_the_identity_is_a_candidate_of_every_search(monkeypatch):
    """Where no program beats it on validation, no function is used."""
    real = gsn.transform_reward
    space, plan = gsn.frozen("smoke", "")[0], gsn.preset(gsn.BUDGET, "smoke")

    def judge(tokens, parts, center):
        if parts[0] is space.second:
            return float(tuple(tokens) == gsn.IDENTITY)
        return real(tokens, parts, center)

    monkeypatch.setattr(gsn, "transform_reward", judge)
    tokens, again, tried = gsn.best_transform("random", 1, plan, space)
    assert (tokens, again[tokens]) == (gsn.IDENTITY, 1.0)
    rewards = dict(zip(map(tuple, tried["tokens"]), tried["reward"], strict=True))
    looked = [rewards[program] for program in again if program != gsn.IDENTITY]
    assert len(set(looked)) == len(looked) > 1  # no function twice in another spelling
    assert len(tried) == plan["programs"]


def test_controls_are_what_they_are_called(part):
    train = np.random.default_rng(0).normal(size=(80, 12))
    white = controls.whitening(train)(torch.from_numpy(train), 5)
    assert white.shape == (80, 5)
    torch.testing.assert_close(white.T @ white / 79, torch.eye(5).double())
    e = torch.tensor([[-4.0, 9.0]])
    torch.testing.assert_close(controls.power(e, 0.5), torch.tensor([[-2.0, 3.0]]))
    torch.testing.assert_close(controls.power(e, 0.5, 5.0), torch.tensor([[-3.0, 2.0]]))
    shop = np.arange(80) % 3 == 0
    assert list(controls.options("whitening", train, shop)) == []
    powers = controls.options("power", train, shop)
    assert len(powers) == 2 * len(controls.EXPONENTS)
    moved = torch.from_numpy(train - train.mean(0))
    found = powers["0.5, e less the mean"](torch.from_numpy(train))
    torch.testing.assert_close(found * found.abs(), moved)
    (sides,) = controls.options("sides", train, shop).values()
    for side, rows in zip(sides, (train[~shop], train[shop]), strict=True):
        moved = side(torch.from_numpy(rows))
        torch.testing.assert_close(moved.mean(0), torch.zeros(12).double())
    weights = controls.options("levels", np.ones((3, 472)), shop[:3])
    assert len(weights) == len(controls.WEIGHTS) ** 2
    (weighted,) = weights["1, 2, 0.5"](torch.ones(1, 472))
    assert [weighted[i].item() for i in (0, 39, 40, 151, 152, 471)] == [1, 1, 2, 2, 0.5, 0.5]
    half = part.after((lambda q: q, lambda g: g[:, torch.arange(g.shape[1])]))
    torch.testing.assert_close(half[0], part.after(lambda e: e)[0])  # one for each side
    center = part.gallery.mean(0)
    centred = gsn.decode_transform(gsn.CENTRED, center)(part.query)
    torch.testing.assert_close(centred, part.query - center)


# The controller and its search


def test_advantages_leave_the_own_reward_out():
    rewards = torch.tensor([1.0, 0.0, 0.5])
    expected = [1 - 0.25, 0 - 0.75, 0.5 - 0.5]
    assert gsn.advantages(rewards).tolist() == pytest.approx(expected)
    with pytest.raises(ValueError, match="1 program in a batch"):
        gsn.advantages(rewards[:1])


@pytest.mark.parametrize("draws", [2, 4])
def test_reinforce_is_unbiased_on_the_bandit(draws):
    """Over all batches, weighted by their probability, the gradient is the true one."""
    theta = torch.tensor([[0.4, -0.7]], dtype=torch.float64, requires_grad=True)
    rewards = torch.tensor([0.3, 1.1], dtype=torch.float64)
    p = theta.detach().softmax(1)[0]
    expected = p * (rewards - (p * rewards).sum())
    found = bandit.expected_slope(gsn.reinforce_loss, gsn.advantages, theta, rewards, draws)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    own = lambda r: r - r.mean()  # noqa: E731
    biased = bandit.expected_slope(gsn.reinforce_loss, own, theta, rewards, draws)
    torch.testing.assert_close(biased, expected * (draws - 1) / draws)


def test_gradient_with_teacher_forcing_agrees_with_finite_differences():
    controller = gsn.Controller(7, hidden=6, width=4, seed=1).double()
    tokens = torch.tensor(programs(7, 5))
    advantage = torch.tensor([0.2, -0.1, 0.4, 0.0, -0.3], dtype=torch.float64)

    def loss():
        return gsn.reinforce_loss(controller(tokens)[1], tokens, advantage)

    loss().backward()
    step = 1e-6
    for weight in (controller.cell.weight_hh, controller.unary.weight, controller.embedding.weight):
        place = weight.grad.abs().flatten().argmax()
        flat = weight.data.view(-1)
        ends = []
        for sign in (1, -1):
            flat[place] += sign * step
            ends.append(loss().item())
            flat[place] -= sign * step
        slope = (ends[0] - ends[1]) / (2 * step)
        assert weight.grad.flatten()[place].item() == pytest.approx(slope, rel=1e-5)


def test_the_first_token_has_no_entropy_bonus():
    leaves = [torch.randn(3, n, requires_grad=True) for n in (4, 5)]
    log_p = [leaf.log_softmax(1) for leaf in leaves]
    gsn.reinforce_loss(log_p, torch.zeros(3, 2, dtype=torch.long), torch.zeros(3)).backward()
    assert leaves[0].grad.abs().max() == 0
    assert leaves[1].grad.abs().max() > 0


def test_the_controller_follows_given_tokens():
    controller = gsn.Controller(3, seed=0)
    drawn, log_p = controller(count=6, generator=torch.Generator().manual_seed(0))
    followed, same = controller(drawn)
    assert torch.equal(drawn, followed)
    for a, b in zip(log_p, same, strict=True):
        torch.testing.assert_close(a, b)
    assert [lp.shape[1] for lp in log_p] == gsn.choices(3)


@pytest.mark.parametrize("method", ["reinforce", "random"])
def test_a_search_is_its_seed(method):
    def reward(tokens):
        return tokens[0] / 7

    first, again = (gsn.search(reward, gsn.PAIRS, 50, method, seed=3) for _ in range(2))
    assert first["text"].equals(again["text"])
    assert not first["text"].equals(gsn.search(reward, gsn.PAIRS, 50, method, seed=4)["text"])
    assert len(first) == 50
    assert (first["best"] == first["reward"].cummax()).all()


def test_equal_programs_are_rewarded_once():
    asked = []

    def reward(tokens):
        asked.append(gsn.formula(tokens, ("a",)))
        return 0.0

    found = gsn.search(reward, ("a",), 400, "random")
    assert len(asked) == len(set(asked)) == found["text"].nunique()


def test_reinforce_learns_a_toy_reward_and_beats_random():
    def reward(tokens):
        return float(tokens[9] == gsn.SMALLER)

    learnt = gsn.search(reward, gsn.PAIRS, 640, "reinforce")["reward"]
    drawn = gsn.search(reward, gsn.PAIRS, 640, "random")["reward"]
    assert learnt[-80:].mean() > 0.9
    assert drawn.mean() < 0.2


# Kernels


def test_the_discovered_kernel_is_its_closed_form():
    x, y = np.random.default_rng(0).random((2, 9, 50))
    s = np.sin(x @ y.T / 50)[..., None]
    expected = np.abs(np.minimum(np.sin(x[:, None] * y), s)).sum(-1)
    found = gsn.decode_kernel(gsn.DISCOVERED)(x, y)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("black", [0, 5])
def test_chunked_kernels_are_symmetric_and_equal_to_whole_ones(seed, black):
    images = dark_images(11, seed=seed)
    images[:black] = 0  # whole blocks are black
    for tokens in programs(7, 40, seed):
        whole = gsn.decode_kernel(tokens, block=99)(images, images.copy())
        half = gsn.decode_kernel(tokens, block=4)(images, images)
        assert np.array_equal(half, half.T, equal_nan=True)
        finite = np.isfinite(whole) & np.isfinite(half)
        np.testing.assert_allclose(half[finite], whole[finite], rtol=1e-9, atol=1e-9)


def test_a_norm_over_black_pixels_counts_them_all():
    """exp(x y) over 50 black pixels has the norm 50, in any block; not 1."""
    black = np.zeros((3, 50))
    tokens = [6, 6, 6, 6, gsn.LEFT, 7, 0, 0, 0, gsn.LEFT]
    for block in (1, 2, 99):
        found = gsn.decode_kernel(tokens, block=block)(black, black)
        np.testing.assert_allclose(found, 50, rtol=1e-12)


def test_black_pixels_count_as_often_as_there_are():
    images = dark_images(6)
    tokens = [
        6,
        8,
        6,
        8,
        language.TIMES,
        7,
        0,
        0,
        0,
        gsn.LEFT,
    ]  # cos(x y)^2: 1 where both are black
    expected = (np.cos(images[:, None] * images) ** 2).sum(-1)
    np.testing.assert_allclose(gsn.decode_kernel(tokens)(images, images), expected, rtol=1e-12)


def test_inputs_that_are_numbers_are_those_of_the_sheet():
    x, y = dark_images(3, seed=1), dark_images(4, seed=2)
    gap = x[:, None] - y
    expected = {3: abs(gap).sum(-1), 4: np.sqrt((gap**2).sum(-1)), 5: x @ y.T}
    for operand, values in expected.items():
        tokens = [operand, 0, 0, 0, gsn.LEFT]
        np.testing.assert_allclose(gsn.decode_kernel(tokens)(x, y), values / 40, atol=1e-12)


def test_a_kernel_that_is_not_finite_has_reward_0():
    labels = np.arange(10) % 2
    bright = (100 * dark_images(10), labels)
    images = gsn.sets.Images("toy", bright, bright, bright)
    tokens = [1, 6, 0, 0, gsn.LEFT, 7, 6, 0, 0, gsn.LEFT]  # exp(exp(x + y)), x up to 100
    assert gsn.kernel_reward(tokens, images, 10, 10) == 0


def test_kernels_are_chosen_on_images_that_no_reward_has_seen(monkeypatch):
    """Ten are judged again, on the second half alone: the first half has no say in it."""
    images = training_set("digits", 60)
    first, second = images.halves()
    assert not set(map(bytes, first.val[0])) & set(map(bytes, second.val[0]))
    asked = []

    def reward(tokens, images, n, n_val=None, device="cpu"):
        late = np.array_equal(images.val[0], second.val[0])
        asked.append((late, n))
        value = hash(tuple(tokens)) % 997 / 997
        return 1 - value if late else value

    monkeypatch.setattr(gsn, "kernel_reward", reward)
    plan = {"n_train": 20, "n_val": 30, "n_again": 60, "kernel_programs": 80, "again": 10}
    tokens, again, tried = gsn.best_kernel(images, plan, "random", 0)
    top = tried.drop_duplicates("text").nlargest(10, "reward")
    assert again[tokens] == pytest.approx(1 - top["reward"].min())  # the last of the ten
    assert len(again) == 10
    assert tokens == tuple(top["tokens"].iloc[int(top["reward"].argmin())])
    assert {n for late, n in asked if late} == {60}
    assert {n for late, n in asked if not late} == {20}


@REAL
@pytest.mark.parametrize("name", ["rbf-auto", "sigmoid-auto"])
def test_published_rows_of_the_baselines_to_the_last_digit(name):
    images = training_set("mnist", 1000)
    kernel, cost, _ = gsn.kernel_of(name, images, 1000)
    right = gsn.try_kernel(kernel, images, 1000, cost)
    val, test, _ = gsn.PUBLISHED[name]
    assert 100 * right["test"].mean() == pytest.approx(test, abs=1e-9)
    assert 100 * right["val"].mean() == pytest.approx(val, abs=1e-9)


@REAL
def test_published_kernel_on_validation():
    """All 10,000 test images take half a minute: the chapter checks those."""
    images = training_set("mnist", 1000)
    kernel = gsn.decode_kernel(gsn.DISCOVERED)
    right = gsn.try_kernel(kernel, images, 1000, parts=("val",))["val"]
    assert right.mean() == pytest.approx(0.928)


# The plan of runs


def trial(arm, number, val_map):
    values = {"metrics": {}, "intervals": {}, "counts": {}, "extra": {"val_map": val_map}}
    names = {"chapter": gsn.CHAPTER, "data": "d", "scale": "full", "seed": 0}
    return Record(arm=f"trial,{arm},{number}", **names, **values)


def finished():
    """Records of all trials and finals: the last choice of each is the best."""
    found = []
    while len(more := all_tried(gsn.rounds(found))) > len(found):
        found = more
    return of_all_seeds(found)


def of_all_seeds(found):
    """The same trials with all the seeds that they have."""
    twice = [replace(r, seed=1) for r in found if "final" in r.arm]
    of_rate = [r for r in found if r.arm.startswith("trial,function,")]
    return found + twice + [replace(r, seed=seed) for r in of_rate for seed in (100, 101)]


def test_settings_are_chosen_on_validation_and_passed_on():
    first = gsn.rounds([])[1]["head,gsn"]
    assert gsn.choose([], heads=True)["head,gsn"] == first[len(first) // 2]
    found = [trial("head,gsn", i, v) for i, v in enumerate((0.1, 0.3, 0.2))]
    told = gsn.choose(found, heads=True)["head,gsn"]
    assert told == first[1]
    found += [trial("final,head,gsn", i, v) for i, v in enumerate((0.3, 0.4))]
    told = gsn.choose(found, heads=True)["head,gsn"]
    assert told == first[2]  # second in the trials, first at full length
    third = gsn.rounds(found)[3]
    for arm in ("gsn", "gsn_separate"):  # a trained block tries the head's two best margins
        margins = [(c["high"], c["low"]) for c in third[arm]]
        assert (told["high"], told["low"]) in margins
        assert len(set(margins)) == 2
        assert {choice["hard"] for choice in third[arm]} == {told["hard"]}
    last = gsn.choose(found, heads=True)
    assert (last["last,gsn"]["high"], last["last,gsn"]["low"]) == (told["high"], told["low"])
    assert gsn.choose(found)["gsn_separate"]["on"] == "cells"
    assert last["head,gsn_ten"]["items"] == 10
    middle = gsn.choose([])["gsn"]
    assert middle["rate"] == gsn.BLOCK_RATES[1]["rate"]  # of blocks that nobody has tried


def test_the_best_losses_are_distinct_whatever_their_rates():
    choices = [{"margin": m, "rate": r} for m in (1, 2, 3) for r in (0.1, 0.2)]
    found = [trial("a", i, v) for i, v in enumerate((0.5, 0.9, 0.1, 0.2, 0.8, 0.85))]
    assert gsn.best_losses(found, "a", choices) == [
        {"margin": 1, "rate": None},
        {"margin": 3, "rate": None},
    ]


def test_all_arms_are_tried_equally_often_and_the_best_rate_lies_inside():
    _, first, last, third, ending = gsn.rounds([])
    counts = {arm: len(choices) for arm, choices in first.items()}
    assert counts.pop("head,gsn_batch") == 48  # means over all negatives, or active ones
    assert set(counts.values()) == {24}
    assert {len(choices) for choices in (*last.values(), *ending.values())} == {2}
    assert {arm: len(choices) for arm, choices in third.items()} == {
        arm: 4 if gsn.is_head(arm) else 6 for arm in third
    }
    assert {gsn.seeds_of_trial(f"final,{arm}") for arm in gsn.BLOCK} == {(0,)}
    assert gsn.seeds_of_trial("final,head,gsn") == (0, 1)
    arm, rates = "head,gsn", [choice["rate"] for choice in first["head,gsn"]]
    inside = [trial(arm, i, float(rate == 3e-3)) for i, rate in enumerate(rates)]
    assert len(gsn.rounds(inside)[1][arm]) == 24
    marks = [0.5 + i / 100 if rate == max(rates) else 0.1 for i, rate in enumerate(rates)]
    edge = [trial(arm, i, mark) for i, mark in enumerate(marks)]
    grown = gsn.rounds(edge)[1][arm]
    assert len(grown) == 30
    assert [choice["rate"] for choice in grown[24:]] == pytest.approx([0.09] * 6)
    edge.append(trial(arm, 25, 0.9))
    assert gsn.choose(edge, heads=True)[arm] == grown[25]


def test_a_mean_over_active_cells_does_not_thin_out_hard_ones():
    maps = torch.tensor([[0.9, 0.5] + [-0.5] * 98])
    match = torch.zeros(1, 100, dtype=torch.bool)
    match[0, 0] = True
    every, active = (
        gsn.double_margin_loss(maps, match, 0.8, 0.0, mean=mean) for mean in ("all", "active")
    )
    assert every.item() == pytest.approx(0.5 / 99)
    assert active.item() == pytest.approx(0.5)


def test_one_rule_for_hard_negatives_and_equal_rates():
    place = 6  # the second share, at the third rate
    found = [trial("head,negatives", place, 0.9), trial("head,negatives", 1, 0.7)]
    found += [trial("head,negatives-infonce", 2, 0.8), trial("head,negatives-infonce", 7, 0.75)]
    rounds = gsn.rounds(found)  # no hard ones suit InfoNCE better, and both together less
    share = rounds[0]["head,negatives"][place]["hard"]
    assert share == gsn.SHARES[1]["hard"]
    for arms in (rounds[1], rounds[3]):
        for arm, choices in arms.items():
            rates = gsn.RATES if gsn.is_head(arm) else gsn.BLOCK_RATES
            assert {choice["rate"] for choice in choices} == {each["rate"] for each in rates}
            pairs = choices[0]["shape"] == (1, 1)
            assert {choice["hard"] for choice in choices} == {0.0 if pairs else share}


def test_arms_differ_in_one_thing_from_rung_to_rung():
    for heads in (False, True):
        told = gsn.choose(finished(), heads)
        told = {arm.removeprefix("head,"): settings for arm, settings in told.items()}

        def changed(a, b, told=told):
            keys = {*told[a], *told[b]} - {"rate"}
            return {key for key in keys if told[a].get(key) != told[b].get(key)}

        assert told["gsn_batch"]["on"] == told["infonce"]["on"] == told["triplet"]["on"] == "batch"
        if heads:
            assert changed("gsn_ten", "gsn") == {"items"}
            assert changed("infonce_own", "infonce") == {"on"}
            assert changed("gsn", "gsn_squared") == {"power"}
            assert changed("infonce_pairs", "infonce_wide") == {"items"}
        else:
            assert changed("gsn", "gsn_separate") == {"on"}
        assert {told[arm]["shape"] for arm in ("gsn", "gsn_batch", "triplet", "infonce")} == {
            (3, 2)
        }


def test_the_plan_goes_round_by_round(monkeypatch):
    monkeypatch.setattr(gsn.opening, "present", lambda data, *_: True)
    monkeypatch.setattr(gsn.sets, "readable", lambda *_: True)
    for stage in range(5):
        found = [r for arms in gsn.rounds([])[:stage] for r in all_tried([arms])]
        found = of_all_seeds(found)
        assert max(job.stage for job in gsn.plan("full", found)) <= stage
    jobs = gsn.plan("full", finished())
    last = [job for job in jobs if job.stage == 5]
    count = lambda data, arm: sum((j.data, j.arm) == (data, arm) for j in jobs)  # noqa: E731
    sizes = gsn.preset(gsn.BUDGET, "full")
    for arm in gsn.DECIDING:
        assert count("wardrobe-garments", arm) == sizes["seeds"]
    for arm in gsn.BEYOND:
        assert count("grocery-store", arm) == 5
    for arm in gsn.BLOCK:
        assert count("wardrobe-garments", arm) == sizes["block_seeds"] >= 5
    assert count("wardrobe-garments", "head,infonce_wide") == 5
    assert (count("mnist-1000", "svm,discovered"), count("mnist-2000", "svm,linear")) == (20, 10)
    assert count("mnist-1000", "svm,reinforce") == count("wardrobe-garments", "function,rl") == 10
    assert count("fashion-mnist-1000", "svm,reinforce") == 10
    assert count("wardrobe-garments", "gsn,rl") == sizes["block_seeds"]
    rates = {job.settings["rate"] for job in jobs if job.arm in ("svm,reinforce", "function,rl")}
    assert len({str(job.settings) for job in jobs if job.arm == "gsn,rl"}) == 1
    assert rates == {gsn.controller_rate(finished())["rate"]}
    tried = {job.seed for job in jobs if job.arm.startswith("trial,function,")}
    assert not tried & {job.seed for job in jobs if job.arm in ("svm,reinforce", "function,rl")}
    assert not [job for job in last if trials.is_trial(job.arm)]
    names = [(job.data, job.arm, job.seed) for job in jobs]
    assert len(set(names)) == len(names)
    long = [job for job in jobs if job.arm in ("svm,random", "function,rl", "svm,discovered")]
    assert all(job.cost for job in long)  # a campaign asks how long they take


def test_the_ledger_names_arms_that_the_plan_runs(monkeypatch):
    monkeypatch.setattr(gsn.opening, "present", lambda data, *_: True)
    monkeypatch.setattr(gsn.sets, "readable", lambda *_: True)
    runs = {(job.data, job.arm, job.seed) for job in gsn.plan("full", finished())}
    seeds = lambda data, arm: sum(run[:2] == (data, arm) for run in runs)  # noqa: E731
    runs |= {(data, "gsn,in-grids", seed) for data, arm, seed in runs if arm == "gsn"}
    over = {(data, seed) for data, arm, seed in runs if arm == "gsn,rl"}
    runs |= {(data, f"gsn,{name}", seed) for name in gsn.TRAINED for data, seed in over}
    (grounds,) = claims.all_grounds("gsn_rl")
    beside = {"grocery-store-packages": "grocery-store"}
    for claim in grounds.ledger.claims:
        for entry in claim.evidence:
            for arm in entry.get("contrast", [entry.get("arm")]):
                for data in [*entry["data"], *entry.get("also", [])]:
                    away = data.startswith("shop-views") or arm.startswith("function,")
                    home = "wardrobe-garments" if away else data
                    many = seeds(beside.get(home, home), arm)
                    least = 1 if arm in grounds.ledger.untrained else 5
                    assert many >= least, f"{claim.id}: {arm} on {data}"


def test_sizes_of_a_run():
    full = gsn.preset(gsn.BUDGET, "full")
    assert gsn.budget("wardrobe-garments", "full", "gsn")["steps"] == full["steps"]
    assert gsn.budget("wardrobe-garments", "full", "head,gsn")["steps"] == full["head_steps"]
    assert gsn.budget("wardrobe-garments", "full", "margins,0.5,0.1")["steps"] == full["head_steps"]
    tried = gsn.budget("wardrobe-garments", "full", "trial,gsn,1")
    assert (tried["steps"], tried["looks"]) == (full["steps"] // 2, 0)
    assert gsn.budget("wardrobe-garments", "full", "last,gsn")["steps"] == full["head_steps"]
    whole = gsn.budget("wardrobe-garments", "full", "trial,final,head,gsn,1")
    assert whole["steps"] == full["head_steps"]
    assert gsn.budget("grocery-store", "full", "gsn")["steps"] == full["grocery_steps"]
    assert gsn.budget("grocery-store", "full", "head,gsn")["steps"] == full["head_steps"]
    ten = gsn.budget("wardrobe-garments", "full", "head,gsn_ten")["steps"]
    assert 10 * ten == full["items"] * full["head_steps"]  # as many queries in all
    tried = gsn.budget("wardrobe-garments", "full", "trial,head,gsn_ten,1")["steps"]
    assert tried == full["items"] * full["head_steps"] // 30
    assert gsn.budget("deepfashion-c2s", "paper", "gsn")["size"] == 224
    assert full["items"] >= 48  # queries a step


@pytest.fixture
def where(tmp_path):
    place = {"device": "cpu", "results": str(tmp_path), "data_root": "", "progress": False}
    return place | {"scale": "smoke"}


def test_arms_are_recorded_query_by_query_and_trials_without_the_test(tmp_path, where):
    told, heads = gsn.choose([]), gsn.choose([], heads=True)
    jobs = {"trunk": {}, "gsn": told["gsn"], "head,gsn": heads["head,gsn"]}
    jobs["trial,final,head,gsn,0"] = heads["head,gsn"]
    for arm, settings in jobs.items():
        gsn.do(Job("wardrobe-garments", arm, 0, settings), where)
    found = {r.arm: r for r in records.load(tmp_path, data="wardrobe-garments")}
    assert set(found) == {*jobs, "gsn,in-grids"}
    asked = records.per_query(found["trunk"], tmp_path)
    for arm in ("gsn", "gsn,in-grids", "head,gsn"):
        kept = records.per_query(found[arm], tmp_path)
        assert np.array_equal(kept.item, asked.item)
        assert "val_map" in found[arm].curve
    assert found["gsn"].extra["maps_shift_p95"] > 0
    assert found["trial,final,head,gsn,0"].metrics == {}
    assert 0 < found["trial,final,head,gsn,0"].extra["val_map"] <= 1


def test_functions_are_recorded_beside_the_trunk(tmp_path, where):
    gsn.do(Job("wardrobe-garments", "trunk", 0), where)
    for name in gsn.FUNCTIONS:
        gsn.do(Job("wardrobe-garments", f"function,{name}", 0), where)
    found = {r.arm: r for r in records.load(tmp_path, data="wardrobe-garments")}
    start, same = found["trunk"].metrics, found["function,identity"].metrics
    assert same["map"] == pytest.approx(start["map"], rel=1e-5)
    assert same["hit@10"] == start["hit@10"]
    queries = {r.per_query["queries"] for r in found.values()}
    assert len(queries) == 1
    rl = found["function,rl"]
    assert rl.extra["reward"] == max(rl.curve["best"])
    assert rl.extra["text"] == gsn.formula(rl.extra["tokens"], gsn.VECTORS)


def test_functions_over_a_trained_network_start_from_what_it_finds(tmp_path, where):
    told = gsn.choose([])["gsn"]
    gsn.do(Job("wardrobe-garments", "gsn", 0, told), where)
    settings = {"network": told, "programs": 8, "rate": 0.01}
    gsn.do(Job("wardrobe-garments", "gsn,rl", 0, settings), where)
    found = {r.arm: r for r in records.load(tmp_path, data="wardrobe-garments")}
    assert {f"gsn,{name}" for name in gsn.TRAINED} < set(found)
    same, start = found["gsn,identity"], found["gsn"]
    assert same.metrics["map"] == pytest.approx(start.metrics["map"], rel=1e-5)
    assert found["gsn,rl"].extra["settings"] == json.loads(json.dumps(settings))
    assert len({r.per_query["queries"] for r in found.values()}) == 1
    kept = records.embeddings(start, tmp_path)  # seed 0 of the arms that the explorer shows
    assert kept["query"].shape[1] == 128


def test_the_rate_of_the_controller_has_trials_of_its_own(tmp_path, where):
    gsn.do(Job("wardrobe-garments", "trial,function,rl,0", 100, gsn.RL_RATES[0]), where)
    (tried,) = records.load(tmp_path)
    assert tried.metrics == {}
    assert 0 < tried.extra["val_map"] <= 1
    assert tried.extra["settings"] == gsn.RL_RATES[0]
    marks = [trial("function,rl", i, v) for i, v in enumerate((0.2, 0.1, 0.3))]
    assert gsn.controller_rate(marks) == gsn.RL_RATES[2]
    assert gsn.rounds(marks)[0]["function,rl"][3]["rate"] == pytest.approx(1 / 30)


@REAL
def test_the_published_set_says_how_far_it_is_from_the_published_number(tmp_path, where):
    for name, seed in (("linear", 0), ("linear", 1), ("rbf-scale", 0)):
        gsn.do(Job("mnist-1000", f"svm,{name}", seed), where | {"scale": "quick"})
    gaps = {(r.arm, r.seed): r.extra.get("published_gap") for r in records.load(tmp_path)}
    assert gaps.pop(("svm,linear", 0)) < 0.005
    assert set(gaps.values()) == {None}


@REAL
def test_kernels_are_recorded_image_by_image(tmp_path, where):
    for name in ("linear", "rbf-tuned", "discovered", "random"):
        gsn.do(Job("mnist-40", f"svm,{name}", 1), where)
    found = {r.arm: r for r in records.load(tmp_path)}
    for record in found.values():
        kept = records.per_query(record, tmp_path)
        assert kept.metric("accuracy").mean() == pytest.approx(record.metrics["accuracy"])
        assert len(kept.item) == record.counts["n_accuracy"]
        assert (kept.family == kept.item // 10).all()
    assert set(found["svm,rbf-tuned"].extra["chosen"]) == {"gamma over scale", "C"}
    drawn = found["svm,random"]
    assert drawn.extra["text"] == gsn.formula(drawn.extra["tokens"], gsn.PAIRS)
