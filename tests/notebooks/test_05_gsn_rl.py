"""Chapter 05: grammar, kernels, controller, grid network, loss and transformations."""

import itertools
import math
import os

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fashret_utils import chapters
from fashret_utils.evidence.records import Record

gsn = chapters.definitions("05_gsn_rl")
WHERE = {"scale": "smoke", "device": "cpu", "data_root": "", "progress": False}
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


# The language


def test_the_published_tokens_decode_to_the_published_formula():
    assert gsn.formula(gsn.DISCOVERED, gsn.PAIRS) == "min(sin(x·y), sin(⟨x, y⟩/d))"
    assert gsn.operands_used(gsn.DISCOVERED, 7) == {5, 6}


def test_every_operation_of_the_authors_code():
    """All unary and binary tokens against NumPy, on vectors of 3 and on scalars."""
    mean = gsn.FeatureMean(torch.ones(3, dtype=torch.float64))
    unary, binary = gsn.operations(mean)
    v = np.array([[0.3, -1.2, 0.7], [2.0, 0.1, -0.4]])
    u = v[::-1].copy()
    expected = [
        v, -v, abs(v), v**2, v**3, np.sqrt(abs(v)), np.exp(v), np.sin(v), np.cos(v), np.sinh(v),
        np.cosh(v), np.tanh(v), np.maximum(v, 0), np.minimum(v, 0), 1 / (1 + np.exp(-v)),
        np.log(1 + np.exp(v)), abs(v).sum(1, keepdims=True) / 3,
        np.sqrt((v**2).sum(1, keepdims=True)) / 3,
    ]  # fmt: skip
    assert len(unary) == len(gsn.UNARY_TEXT) == len(expected)
    for function, values in zip(unary, expected, strict=True):
        np.testing.assert_allclose(function(torch.tensor(v)), values, rtol=1e-12)
    expected = [v + u, v * u, v - u, np.maximum(v, u), np.minimum(v, u)]
    expected += [(v * u).sum(1, keepdims=True) / 3, np.exp(-abs(v - u)), v]
    assert len(binary) == len(gsn.BINARY_TEXT) == len(expected)
    for function, values in zip(binary, expected, strict=True):
        np.testing.assert_allclose(function(torch.tensor(v), torch.tensor(u)), values, rtol=1e-12)
    number = torch.tensor([[2.0]], dtype=torch.float64)
    for place in (16, 17):
        assert unary[place](-number) == -2  # the norm of a scalar is the scalar
    assert binary[gsn.DOT](number, number) == 4


def test_a_program_is_computed_unit_by_unit():
    tokens = [0, 3, 1, 0, gsn.MINUS, 2, 1, 0, 2, gsn.TIMES]  # -(x^2 - y) * |x|
    text = gsn.formula(tokens, ("x", "y"))
    assert text == "−((x)² − y) · |x|"
    unary, binary = gsn.operations(None)
    values = torch.tensor([3.0]), torch.tensor([4.0])
    inputs = [lambda: values[0], lambda: values[1]]
    assert gsn.interpret(tokens, inputs, unary, binary).item() == -(3**2 - 4) * 3


def test_unused_units_and_inputs_are_not_computed():
    def never():
        raise AssertionError("computed")

    tokens = [0, 6, 0, 6, 0, 1, 0, 0, 6, gsn.LEFT]
    inputs = [never, lambda: torch.tensor([5.0])]
    assert gsn.interpret(tokens, inputs, *gsn.operations(None)).item() == 5


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


# Kernels


def test_the_discovered_kernel_is_its_closed_form():
    x, y = np.random.default_rng(0).random((2, 9, 50))
    s = np.sin(x @ y.T / 50)[..., None]
    expected = np.abs(np.minimum(np.sin(x[:, None] * y), s)).sum(-1)
    found = gsn.decode_kernel(gsn.DISCOVERED)(x, y)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_chunked_kernels_are_symmetric_and_equal_to_whole_ones(seed):
    images = dark_images(11, seed=seed)
    for tokens in programs(7, 40, seed):
        whole = gsn.decode_kernel(tokens, block=99)(images, images.copy())
        half = gsn.decode_kernel(tokens, block=4)(images, images)
        assert np.array_equal(half, half.T, equal_nan=True)
        finite = np.isfinite(whole) & np.isfinite(half)
        np.testing.assert_allclose(half[finite], whole[finite], rtol=1e-9, atol=1e-9)


def test_black_pixels_count_as_often_as_there_are():
    images = dark_images(6)
    kept, weights = gsn.pixels_that_differ(torch.tensor(images[:3]), torch.tensor(images[3:]))
    assert weights.sum() == 40
    assert len(kept) < 33
    tokens = [6, 8, 6, 8, gsn.TIMES, 7, 0, 0, 0, gsn.LEFT]  # cos(x y)^2: 1 where both are black
    expected = (np.cos(images[:, None] * images) ** 2).sum(-1)
    np.testing.assert_allclose(gsn.decode_kernel(tokens)(images, images), expected, rtol=1e-12)


def test_inputs_that_are_numbers_are_those_of_the_sheet():
    x, y = dark_images(3, seed=1), dark_images(4, seed=2)
    gap = x[:, None] - y
    expected = {3: abs(gap).sum(-1), 4: np.sqrt((gap**2).sum(-1)), 5: x @ y.T}
    for operand, values in expected.items():
        tokens = [operand, 0, 0, 0, gsn.LEFT]
        np.testing.assert_allclose(gsn.decode_kernel(tokens)(x, y), values / 40, atol=1e-12)


def test_svm_accuracy_is_scikit_learns():
    from sklearn.svm import SVC

    random = np.random.default_rng(0)
    pixels = random.random((80, 5))
    labels = (pixels[:, 0] + 0.2 * random.random(80) > 0.6).astype(int)
    train, test = (pixels[:50], labels[:50]), (pixels[50:], labels[50:])
    for gamma in ("auto", "scale"):
        kernel = dict(gsn.baseline_kernels(train[0]))[f"rbf-{gamma}"]
        expected = SVC(gamma=gamma).fit(*train).score(*test)
        assert gsn.svm_accuracy(kernel, train, test) == expected


def test_a_kernel_that_is_not_finite_is_refused_and_has_reward_0():
    def infinite(a, b):
        return np.full((len(a), len(b)), np.inf)

    labels = np.arange(10) % 2
    part = (dark_images(10), labels)
    with pytest.raises(ValueError, match="training kernel matrix is not finite"):
        gsn.svm_accuracy(infinite, part, part)
    bright = (100 * part[0], labels)
    images = gsn.Images("toy", bright, bright, bright)
    tokens = [1, 6, 0, 0, gsn.LEFT, 7, 6, 0, 0, gsn.LEFT]  # exp(exp(x + y)), x up to 100
    assert gsn.kernel_reward(tokens, images, 10, 10) == 0


def test_the_stand_in_needs_no_files():
    images = gsn.kernel_data("digits", 200, seed=1)
    assert images.train[0].shape == (200, 64)
    assert images.train[0].max() == 1
    first = gsn.kernel_data("digits", 200, seed=0)
    assert not np.array_equal(first.train[1], images.train[1])
    assert np.array_equal(first.val[1], images.val[1])
    with pytest.raises(ValueError, match="digits has 1300 images: no 2000"):
        gsn.kernel_data("digits", 2000)


@REAL
@pytest.mark.parametrize("name", ["linear", "rbf-auto", "sigmoid-auto"])
def test_published_rows_of_the_baselines_to_the_last_digit(name):
    images = gsn.kernel_data("mnist", 2000)
    found = gsn.try_kernel(gsn.baseline_kernels(images.train[0])[name], images, (1000, 2000))
    val, *test = gsn.PUBLISHED[name]
    assert [100 * found[n][1].mean() for n in (1000, 2000)] == pytest.approx(test, abs=1e-9)
    assert 100 * found[1000][0].mean() == pytest.approx(val, abs=1e-9)


@REAL
def test_published_row_of_the_discovered_kernel_on_validation():
    """All 10,000 test images take half a minute: the chapter checks those."""
    images = gsn.kernel_data("mnist", 1000)
    kernel = gsn.in_single(gsn.decode_kernel(gsn.DISCOVERED))
    assert gsn.svm_accuracy(kernel, images.train, images.val) == pytest.approx(0.928)


# The controller and its search


def test_reinforce_gradient_is_the_two_armed_bandits():
    theta = torch.tensor([[0.4, -0.7]], dtype=torch.float64, requires_grad=True)
    rewards = torch.tensor([0.3, 1.1], dtype=torch.float64)
    p = theta.detach().softmax(1)[0]
    for baseline in (0.0, 0.6):  # any baseline gives the same expectation
        theta.grad = None
        advantage = 2 * p * (rewards - baseline)  # each arm as often as it is drawn
        log_p = [theta.log_softmax(1).expand(2, 2)]
        gsn.reinforce_loss(log_p, torch.tensor([[0], [1]]), advantage).backward()
        expected = p * (rewards - (p * rewards).sum())
        torch.testing.assert_close(-theta.grad[0], expected, rtol=1e-12, atol=1e-12)


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
    log_p = [torch.randn(3, n, requires_grad=True).log_softmax(1) for n in (4, 5)]
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


# The grid


@pytest.fixture(scope="module")
def model():
    return gsn.network("smoke", seed=0).eval()


def test_one_cell_is_the_querys_path(model):
    pictures = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(
            model.grid(pictures)[:, 0, 0], model(pictures), atol=1e-5, rtol=0
        )


def test_tiles_lie_row_by_row():
    pictures = torch.arange(9.0)[:, None, None, None].expand(9, 3, 2, 2)[None]
    grid = gsn.tile(pictures)
    assert grid.shape == (1, 3, 6, 6)
    assert grid[0, 0, ::2, ::2].tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert grid[0, 0, 1::2, 1::2].tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_permuting_cells_permutes_the_map_exactly_without_neighbours():
    """With layers that do not look beyond a cell nothing leaks."""
    torch.manual_seed(0)
    local = nn.Conv2d(3, 8, 4, stride=4)
    network = gsn.GridSearchNetwork(local, 8, cell=16, dim=5)
    cells, order = torch.randn(2, 9, 3, 16, 16), torch.randperm(9)
    with torch.no_grad():
        first = network.grid(gsn.tile(cells)).flatten(1, 2)
        again = network.grid(gsn.tile(cells[:, order])).flatten(1, 2)
        torch.testing.assert_close(again, first[:, order])
        alone = network(cells.flatten(0, 1)).unflatten(0, (2, 9))
        torch.testing.assert_close(first, alone)


def test_a_grid_that_is_no_multiple_of_its_cell_is_refused(model):
    with pytest.raises(ValueError, match="expected K cells of 32 pixels"):
        model.grid(torch.randn(1, 3, 80, 80))


def test_letterbox_shrinks_about_the_centre_on_black():
    black = gsn.normalise(torch.zeros(1, 3, 1, 1, dtype=torch.uint8))
    white = gsn.normalise(torch.full((2, 3, 32, 32), 255, dtype=torch.uint8))
    boxed = gsn.letterbox(white, torch.tensor([0.5, 1.0]))
    torch.testing.assert_close(boxed[0, :, 16, 16], white[0, :, 0, 0])
    torch.testing.assert_close(boxed[0, :, 2, 2], black[0, :, 0, 0])
    torch.testing.assert_close(boxed[1], white[1])
    inside = (boxed[0, 0] > black[0, 0] + 0.5).double().mean()
    assert inside == pytest.approx(0.25, abs=0.07)


def test_cosine_map_is_the_loop():
    query, cells = torch.randn(2, 7), torch.randn(2, 3, 3, 7)
    found = gsn.cosine_map(query, cells)
    for b, i, j in itertools.product(range(2), range(3), range(3)):
        expected = F.cosine_similarity(query[b], cells[b, i, j], dim=0)
        torch.testing.assert_close(found[b, i, j], expected)


# The loss


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
    maps = 2 * torch.rand(5, 3, 3, generator=generator, dtype=torch.float64) - 1
    match = torch.rand(5, 3, 3, generator=generator) < 0.3
    for wanted in (match, torch.zeros_like(match), torch.ones_like(match)):
        found = gsn.double_margin_loss(maps, wanted, *margins, power=power)
        assert found.item() == pytest.approx(loss_by_loop(maps, wanted, *margins, power), 1e-12)


def test_cells_on_the_right_side_of_their_margin_have_no_gradient():
    maps = torch.tensor([0.9, 0.7, -0.1, 0.2], dtype=torch.float64, requires_grad=True)
    match = torch.tensor([True, True, False, False])
    gsn.double_margin_loss(maps, match).backward()
    assert maps.grad.tolist() == [0, -0.5, 0, 0.5]
    maps.grad = None
    gsn.double_margin_loss(maps, match, masks="location").backward()
    assert maps.grad.tolist() == [-0.5, -0.5, 0.5, 0.5]


def test_loss_refuses_margins_and_shapes_that_make_no_sense():
    with pytest.raises(ValueError, match="high above low"):
        gsn.double_margin_loss(torch.zeros(2), torch.ones(2, dtype=torch.bool), 0.0, 0.5)
    with pytest.raises(ValueError, match="expected one shape"):
        gsn.double_margin_loss(torch.zeros(2), torch.ones(3, dtype=torch.bool))


def test_one_search_can_be_learnt_by_heart():
    """Positives get above the high margin and negatives below the low one: loss 0."""
    torch.manual_seed(0)
    network = gsn.network("smoke", seed=0)
    gsn.Arm(network, "double_margin", on="grid")  # fixes batch normalisation
    batch = gsn.Searches(
        torch.randn(1, 3, 32, 32),
        torch.randn(1, 9, 3, 32, 32),
        torch.tensor([5]),
        torch.tensor([[5, 1, 2, 3, 4, 6, 7, 5, 8]]),
        np.zeros(1),
        np.zeros((1, 9)),
    )
    arm = gsn.Arm(network, "double_margin", on="grid")
    optimizer = torch.optim.Adam(arm.parameters(), lr=1e-3)
    for _ in range(150):
        loss = arm(batch)
        if loss == 0:
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss == 0


# Batches and arms


@pytest.fixture(scope="module")
def garments():
    return gsn.load_data("wardrobe-garments", "smoke")


def test_searches_hold_positives_and_other_items(garments):
    rows = garments.where(split="train")
    batches = gsn.SearchBatches(rows, 32, queries=4, steps=3, seed=1)
    batch, again = batches.at(2), batches.at(2)
    assert len(batch) == 40
    assert batch.cells.shape == (4, 9, 3, 32, 32)
    assert (batch.is_match.sum(1) == 2).all()
    assert (rows.domain[batch.query_rows] == 0).all()
    assert (rows.domain[batch.cell_rows] == 1).all()
    assert all(len(set(cells)) == 9 for cells in batch.cell_rows.tolist())
    assert torch.equal(batch.cells, again.cells)
    assert not np.array_equal(batch.query_rows, batches.at(1).query_rows)


def test_half_of_the_negatives_are_hard(garments):
    rows = garments.where(split="train")
    shop, street = np.flatnonzero(rows.domain == 1), np.flatnonzero(rows.domain == 0)
    query = street[0]
    others = shop[rows.item[shop] != rows.item[query]]
    hard = {query: others[:5]}
    cells = gsn.choose_cells(rows, [query], 3, 2, np.random.default_rng(0), hard)[0]
    assert np.isin(cells, others[:5]).sum() >= 3
    assert len(set(cells.tolist())) == 9


def test_hard_negatives_are_the_nearest_of_other_items(garments, model):
    rows = garments.where(split="train")
    found = gsn.nearest_others(model, rows, 32, "cpu", near=4)
    street, shop = (np.flatnonzero(rows.domain == d) for d in (0, 1))
    vectors = gsn.retrieval.embed(model, rows, 32)
    assert set(found) == set(street)
    query = street[3]
    others = shop[rows.item[shop] != rows.item[query]]
    nearest = others[np.argsort(-(vectors[others] @ vectors[query]), kind="stable")][:4]
    assert found[query].tolist() == nearest.tolist()


@pytest.mark.parametrize("name", sorted(gsn.TRIALS))
def test_every_arm_has_three_trials_and_trains_the_network(name, garments):
    assert len(gsn.TRIALS[name]) == 3
    batch = gsn.SearchBatches(garments.where(split="train"), 32, queries=3, steps=1).at(0)
    network = gsn.network("smoke", seed=0)
    arm = gsn.Arm(network, **gsn.TRIALS[name][0])
    loss = arm(batch)
    loss.backward()
    assert loss.isfinite()
    assert network.embedding.weight.grad.abs().sum() > 0
    assert all(p.grad is not None for p in arm.parameters())


def test_arms_without_a_grid_and_with_one_cell_of_context_agree(garments):
    """The double margin on cells equals that on the batch restricted to each query's own."""
    batch = gsn.SearchBatches(garments.where(split="train"), 32, queries=3, steps=1).at(0)
    network = gsn.network("smoke", seed=0)
    with torch.no_grad():
        found = gsn.Arm(network, "double_margin", on="cells")(batch)
        query, cells = gsn.embed_searches(network, batch, "cells")
        maps = torch.stack([F.cosine_similarity(q[None], c) for q, c in zip(query, cells)])  # noqa: B905
        expected = loss_by_loop(maps, batch.is_match, 0.8, 0.0)
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_settings_are_chosen_on_validation_alone():
    def record(name, val_map, hit):
        values = {"metrics": {"hit@1": hit}, "intervals": {}, "counts": {}}
        names = {"chapter": "05_gsn_rl", "data": "d", "arm": name, "scale": "smoke", "seed": 0}
        return Record(**names, **values, extra={"val_map": val_map})

    assert gsn.choose([]) == {arm: trials[0] for arm, trials in gsn.TRIALS.items()}
    found = [record(gsn.trial("gsn", i), v, 1 - v) for i, v in enumerate((0.1, 0.3, 0.2))]
    assert gsn.choose(found)["gsn"] == gsn.TRIALS["gsn"][1]


def test_position_shift_is_zero_without_neighbours(garments):
    torch.manual_seed(0)
    network = gsn.GridSearchNetwork(nn.Conv2d(3, 8, 8, stride=8), 8, cell=32, dim=6)
    found = gsn.position_shift(network, garments, 32, "cpu")
    assert max(found.values()) < 1e-5
    leaky = gsn.position_shift(gsn.network("smoke", seed=0), garments, 32, "cpu")
    assert leaky["shift_p95"] > leaky["shift_mean"] > 0


def test_probes_read_an_attribute_that_is_in_the_embedding(garments):
    class Oracle(nn.Module):
        """Embeds a picture as its mean colour."""

        def forward(self, pictures):
            return pictures.mean((2, 3))

    found = gsn.probes(Oracle(), garments, 32, "cpu")
    names = {f"probe_{name}" for name in garments.attribute_names}
    assert set(found) == names | {"probe"}
    assert found["probe"] == pytest.approx(np.mean([found[name] for name in names]))


# Transformations


@pytest.fixture
def frozen():
    torch.manual_seed(0)
    query, gallery, train = (torch.randn(n, 12) for n in (40, 60, 80))
    items = torch.arange(40) // 2, torch.arange(60) // 3
    gallery = gallery + 1.5 * query[::2].repeat_interleave(3, 0)
    return gsn.Frozen(train, (query, gallery, *items), (query, gallery, *items))


def test_identity_leaves_the_metrics_unchanged(frozen):
    query, gallery, items, owners = frozen.test
    function = gsn.decode_transform(gsn.IDENTITY, frozen.train.mean(0))
    expected = gsn.retrieval.evaluate(
        query.numpy(), gallery.numpy(), items.numpy(), owners.numpy(), k=(1, 5, 10, 20)
    )
    assert gsn.evaluate_transform(function, frozen).metrics == expected.metrics
    assert gsn.hit_at_1(*frozen.test) == expected.metrics["hit@1"]


def test_transforms_use_embedding_direction_and_centre(frozen):
    center, e = frozen.train.mean(0), frozen.test[0]
    for operand, expected in enumerate((e, F.normalize(e), e - center)):
        tokens = [operand, 0, 0, 0, gsn.LEFT]
        torch.testing.assert_close(gsn.decode_transform(tokens, center)(e), expected)
    tokens = [0, 3, 0, 0, gsn.LEFT, 3, 6, 0, 0, gsn.LEFT]  # exp(e^2) is clipped
    assert gsn.decode_transform(tokens, center)(4 * e).max() <= 1e4


def test_constant_and_infinite_functions_have_no_reward(frozen):
    part = frozen.halves[0]
    assert gsn.transform_reward([0, 17, 0, 0, gsn.LEFT], frozen, part) == 0
    nan = frozen.train * math.nan
    broken = gsn.Frozen(nan, frozen.val, frozen.test)
    assert gsn.transform_reward([2, 0, 0, 0, gsn.LEFT], broken, part) == 0
    assert gsn.transform_reward(gsn.IDENTITY, frozen, part) == gsn.hit_at_1(*part)


def test_halves_share_no_item(frozen):
    first, second = frozen.halves
    assert not set(first[2].tolist()) & set(second[2].tolist())
    assert len(first[0]) + len(second[0]) == len(frozen.val[0])


def test_whitened_training_embeddings_have_variance_one(frozen):
    white = gsn.whitening(frozen.train, 5)(frozen.train)
    assert white.shape == (80, 5)
    torch.testing.assert_close(white.T @ white / 79, torch.eye(5), atol=1e-4, rtol=0)
    e = torch.tensor([[-4.0, 9.0]])
    torch.testing.assert_close(gsn.power(e, 0.5), torch.tensor([[-2.0, 3.0]]))


def test_all_functions_are_tried_and_the_search_is_reproducible(frozen):
    found, again = (gsn.transforms(frozen, 24, seed=2) for _ in range(2))
    assert tuple(sorted(found)) == tuple(sorted(gsn.FUNCTIONS))
    for name in ("rl", "random"):
        assert found[name][1]["text"] == again[name][1]["text"]
        assert found[name][1]["curve"]["program"][-1] == 24
        assert found[name][1]["reward"] >= max(0, found[name][1]["curve"]["best"][0])


# Records


def test_a_kernel_record_can_be_read_tabulated_and_found_again(tmp_path):
    where = WHERE | {"results": str(tmp_path)}
    right = np.array([True, False, True, True]), np.array([True] * 90 + [False] * 10)
    settings = {"kernel": "linear", "n": 60}
    gsn.write_kernel(where, "mnist-60", "linear", 0, settings, right, published_gap=0.0)
    (record,) = gsn.records.load(tmp_path)
    assert record.metrics == {"val_accuracy": 0.75, "accuracy": 0.9}
    table = gsn.tables.matrix(gsn.tables.table([record], ["accuracy"]), "accuracy")
    assert table.loc["svm,linear", "mnist-60"].startswith("90.0 [82.6, 94.5")
    assert gsn.done(where, "mnist-60", "svm,linear", 0, settings)
    assert not gsn.done(where, "mnist-60", "svm,linear", 0, {"kernel": "linear", "n": 61})


def test_a_stopped_series_of_kernel_jobs_is_not_repeated(tmp_path, monkeypatch):
    where = WHERE | {"results": str(tmp_path)}
    monkeypatch.setattr(gsn, "kernel_sizes", lambda data, scale: ((40, 60), 50))
    gsn.do_kernels("digits", 0, where)
    written = sorted(tmp_path.rglob("*.json"))
    assert len(written) == 2 * len(gsn.KERNELS)
    times = [path.stat().st_mtime_ns for path in written]
    gsn.do_kernels("digits", 0, where)
    assert times == [path.stat().st_mtime_ns for path in written]
    gsn.do_kernel_search("digits", "random", 0, where)
    (found,) = gsn.records.load(tmp_path, arm="svm,random")
    assert found.extra["reward"] == max(found.curve["best"])
    assert gsn.formula(found.extra["tokens"], gsn.PAIRS) == found.extra["text"]
