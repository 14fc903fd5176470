"""Chapter 03: networks, losses and training of PoshakNet, against counts, loops and limits."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from fashret_utils import chapters, retrieval
from fashret_utils.data.augment import normalise
from fashret_utils.data.batches import Batches
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.models.losses import CenterLoss
from fashret_utils.training import Run
from fashret_utils.training.history import TrainingDiverged

poshak = chapters.definitions("03_poshaknet")
SMALL = {"size": 16, "width": 1 / 32}
PLAN = {"size": 16, "gan_width": 1 / 32, "gan_rate": 1e-3, "judge_rate": 1e-3}


def convolutions(network):
    """Weights of the convolutions, which the tables of the paper list."""
    return sum(p.numel() for p in network.parameters() if p.dim() == 4)


# The tables of the paper


def test_weights_are_those_of_tables_2_and_3():
    levels = 25 * (3 * 128 + 128 * 256 + 256 * 512 + 512 * 1024)  # 5 x 5, stride 2
    assert convolutions(poshak.Converter(code=64)) == 2 * levels + 2 * 16 * 1024 * 64
    assert convolutions(poshak.Converter(code=64)) == pytest.approx(36.5e6, abs=0.05e6)
    assert convolutions(poshak.Converter(code=100)) == pytest.approx(37.7e6, abs=0.05e6)
    assert convolutions(poshak.RealFakeDiscriminator()) == levels + 16 * 1024
    six = levels + 25 * 3 * 128 + 16 * 1024
    assert convolutions(poshak.DomainDiscriminator()) == six == pytest.approx(17.2e6, abs=0.05e6)


def test_shapes_of_every_layer_at_64_pixels():
    converter, shapes = poshak.Converter(), []
    kinds = (torch.nn.Conv2d, torch.nn.ConvTranspose2d)
    for module in converter.modules():
        if isinstance(module, kinds):
            module.register_forward_hook(lambda m, _, y: shapes.append(tuple(y.shape[1:])))
    with torch.no_grad():
        assert converter(torch.zeros(2, 3, 64, 64)).shape == (2, 3, 64, 64)
    down = [(128, 32, 32), (256, 16, 16), (512, 8, 8), (1024, 4, 4)]
    assert shapes == [*down, (64, 1, 1), *reversed(down), (3, 64, 64)]


@pytest.mark.parametrize("size", [16, 32, 48])
def test_other_sizes_and_widths_keep_the_form(size):
    converter = poshak.Converter(size, code=8, width=1 / 32)
    photos = torch.rand(2, 3, size, size) * 2 - 1
    assert converter.encoder(photos).shape == (2, 8, 1, 1)
    made = converter(photos)
    assert made.shape == photos.shape
    assert made.abs().max() <= 1
    domain = poshak.DomainDiscriminator(size, 1 / 32)
    assert domain(made, photos).shape == (2,)
    assert domain.layers[0].weight.shape[1] == 6


def test_batch_normalisation_and_activations_are_where_the_sheet_has_them():
    def names(layers):
        return [type(layer).__name__ for layer in layers]

    one = ["Conv2d", "LeakyReLU"]
    rest = ["Conv2d", "BatchNorm2d", "LeakyReLU"] * 3
    assert names(poshak.encoder(3, 1, **SMALL)) == [*one, *rest, "Conv2d"]
    up = ["ConvTranspose2d", "BatchNorm2d", "ReLU"] * 4
    assert names(poshak.decoder(8, **SMALL)) == [*up, "ConvTranspose2d", "Tanh"]
    converter = poshak.Converter(code=8, **SMALL)
    assert all(m.bias is None for m in converter.modules() if isinstance(m, torch.nn.Conv2d))
    slopes = {m.negative_slope for m in converter.modules() if isinstance(m, torch.nn.LeakyReLU)}
    assert slopes == {0.2}


def test_initial_weights_have_the_spread_of_the_sheet():
    torch.manual_seed(0)
    converter = poshak.Converter(code=64, size=32, width=1 / 4)
    weights = torch.cat([p.flatten() for p in converter.parameters() if p.dim() == 4])
    assert weights.mean().item() == pytest.approx(0, abs=1e-4)
    assert weights.std().item() == pytest.approx(0.02, rel=0.01)


# Losses of phase 1


def pictures(batch=4, size=16, seed=0):
    generator = torch.Generator().manual_seed(seed)
    source, target = torch.rand(2, batch, 3, size, size, generator=generator) * 2 - 1
    return source, target


def constant(probability):
    logit = torch.tensor(probability).logit()
    return lambda *given: logit.expand(len(given[0]))


@pytest.mark.parametrize("draw", poshak.DRAWS)
def test_losses_of_a_constant_discriminator(draw):
    source, target = pictures()
    shown = dict.fromkeys(poshak.DRAWS, target)
    half = constant(0.5)
    assert poshak.real_loss(half, shown, draw).item() == pytest.approx(math.log(2))
    assert poshak.domain_loss(half, source, shown, draw).item() == pytest.approx(math.log(2))
    often = constant(0.9)  # t = 1 costs -log 0.9, t = 0 costs -log 0.1
    real = -math.log(0.1 if draw == "inferred" else 0.9)
    pair = -math.log(0.9 if draw == "target" else 0.1)
    assert poshak.real_loss(often, shown, draw).item() == pytest.approx(real, rel=1e-5)
    assert poshak.domain_loss(often, source, shown, draw).item() == pytest.approx(pair, rel=1e-5)


def test_losses_are_their_equation_picture_by_picture():
    torch.manual_seed(0)
    judge = poshak.RealFakeDiscriminator(**SMALL).eval()
    source, target = pictures()
    d = torch.sigmoid(judge(target)).double()
    shown = {"target": target, "inferred": target}
    for draw, t in (("target", 1), ("inferred", 0)):
        by_hand = (-t * d.log() + (t - 1) * (1 - d).log()).mean().item()
        assert poshak.real_loss(judge, shown, draw).item() == pytest.approx(by_hand, rel=1e-5)
    assert judge(source).shape == (4,)


def test_the_domain_discriminator_sees_the_picture_first_and_its_photo_second():
    seen = []

    def judge(picture, photo):
        seen.append((picture, photo))
        return torch.zeros(len(picture))

    source, target = pictures()
    poshak.domain_loss(judge, source, {"target": target}, "target")
    assert seen[0][0] is target
    assert seen[0][1] is source


def test_the_converter_loss_is_half_of_each_and_literal_is_minimax():
    a, b = torch.tensor([0.3, -1.0]), torch.tensor([2.0, 0.1])
    ones, zeros = torch.ones(2), torch.zeros(2)
    bce = F.binary_cross_entropy_with_logits
    expected = (bce(a, ones) + bce(b, ones)) / 2
    torch.testing.assert_close(poshak.converter_loss([a, b]), expected)
    literal = -(bce(a, zeros) + bce(b, zeros)) / 2  # - L_R / 2 - L_A / 2 with t = 0
    torch.testing.assert_close(poshak.converter_loss([a, b], "literal"), literal)


def test_only_the_inferred_picture_carries_a_gradient_to_the_converter():
    torch.manual_seed(0)
    converter = poshak.Converter(code=8, **SMALL)
    judges = poshak.RealFakeDiscriminator(**SMALL), poshak.DomainDiscriminator(**SMALL)
    source, target = pictures()
    shown = {"target": target, "irrelevant": target.roll(1, 0), "inferred": converter(source)}
    for draw in poshak.DRAWS:
        loss = poshak.real_loss(judges[0], shown, draw)
        loss = loss + poshak.domain_loss(judges[1], source, shown, draw)
        weights = list(converter.parameters())
        slopes = torch.autograd.grad(loss, weights, allow_unused=True, retain_graph=True)
        felt = [slope is not None and bool(slope.any()) for slope in slopes]
        assert any(felt) == (draw == "inferred")


def test_the_mean_of_three_is_the_expectation_of_the_draw():
    torch.manual_seed(0)
    rule = poshak.GAN | {"selection": "random"}
    drawn = [poshak.drawn(rule) for _ in range(6000)]
    assert all(len(names) == 1 for names in drawn)
    counts = {draw: sum(names[0] == draw for names in drawn) for draw in poshak.DRAWS}
    assert all(count == pytest.approx(2000, abs=150) for count in counts.values())
    assert poshak.drawn(poshak.GAN) == list(poshak.DRAWS)
    without = poshak.drawn(poshak.GAN | {"irrelevant": False})
    assert without == ["target", "inferred"]


class Recorder:
    """Stands where a run does: keeps the losses and what they would change."""

    def __init__(self):
        self.seen = {}

    def backward(self, loss, optimizer, name):
        weights = [p for group in optimizer.param_groups for p in group["params"]]
        slopes = torch.autograd.grad(loss, weights, retain_graph=True, allow_unused=True)
        changed = sum(slope is not None and bool(slope.any()) for slope in slopes)
        self.seen[name] = (loss.item(), changed / len(weights))


@pytest.mark.parametrize("name", sorted(poshak.GANS))
def test_every_arm_trains_what_it_names(name):
    settings = poshak.GANS[name]
    networks, optimizers = poshak.make_gan(settings, PLAN, seed=0)
    run, (source, target) = Recorder(), pictures()
    torch.manual_seed(3)
    pull = settings["pixel"]
    poshak.play(run, networks, optimizers, source, target, settings, pull)
    trained = [judge for judge in ("real", "domain") if settings[judge]]
    if settings["selection"] == "mean":
        trained.append("converter")
    assert set(trained) <= set(run.seen)
    assert all(share > 0.9 for _, share in run.seen.values())
    assert all(p.requires_grad for network in networks.values() for p in network.parameters())


def test_one_iteration_has_the_losses_of_the_equations():
    networks, optimizers = poshak.make_gan(poshak.GAN, PLAN, seed=0)
    run, (source, target) = Recorder(), pictures()
    poshak.play(run, networks, optimizers, source, target, poshak.GAN, pull=2.0)
    inferred = networks["converter"](source)
    other = target.roll(1, 0)
    real, domain = networks["real"], networks["domain"]

    def bce(logits, t):
        return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, t)).item()

    expected = (bce(real(target), 1.0) + bce(real(other), 1.0) + bce(real(inferred), 0.0)) / 3
    assert run.seen["real"][0] == pytest.approx(expected, rel=1e-4)
    expected = bce(domain(target, source), 1.0) + bce(domain(other, source), 0.0)
    expected = (expected + bce(domain(inferred, source), 0.0)) / 3
    assert run.seen["domain"][0] == pytest.approx(expected, rel=1e-4)
    expected = (bce(real(inferred), 1.0) + bce(domain(inferred, source), 1.0)) / 2
    expected += 2.0 * ((inferred - target) ** 2).mean().item()
    assert run.seen["converter"][0] == pytest.approx(expected, rel=1e-4)


# Training of phase 1


@pytest.fixture(scope="module")
def pairs():
    return poshak.load_pairs("smoke")


class Killed(poshak.Film):
    """A film that stops the run in the middle of a step."""

    stop = None

    def turn(self, converter):
        super().turn(converter)
        if self.step == self.stop:
            raise KeyboardInterrupt


def train(pairs, tmp_path, name="gan", steps=12, stop=None, warm=0.5, **options):
    """Train a small GAN; `stop`: kill it in this step."""
    names = {"data": "d", "arm": name, "scale": "smoke", "seed": 0, "progress": False}
    run = Run("03_poshaknet", **names, results=tmp_path / "results", every=4, **options)
    networks, optimizers = poshak.make_gan(poshak.GANS[name], PLAN, seed=0)
    rows = pairs.where(split="train")
    film = Killed(rows.pixels(16)[:2], steps, frames=4)
    film.stop = stop
    batches = Batches(rows, 16, items=6, pictures=2, steps=steps, augment=None)
    poshak.fit_gan(run, networks, optimizers, film, batches, poshak.GANS[name], warm)
    return run, networks, film


def states(networks, film):
    return [t for part in (*networks.values(), film) for t in part.state_dict().values()]


@pytest.mark.parametrize("name", ["gan", "random"])
def test_a_killed_run_resumes_to_the_same_bits(pairs, tmp_path, name):
    whole_run, *whole = train(pairs, tmp_path / "a", name)
    kept = {"checkpoints": tmp_path / "checkpoints"}
    with pytest.raises(KeyboardInterrupt):
        train(pairs, tmp_path / "b", name, stop=7, **kept)
    resumed_run, *resumed = train(pairs, tmp_path / "b", name, **kept)
    for a, b in zip(states(*whole), states(*resumed), strict=True):
        assert torch.equal(a, b)
    columns = ["step", "real", "domain", "converter"]
    a, b = (run.history.reindex(columns=columns) for run in (whole_run, resumed_run))
    assert a.equals(b)


def test_the_film_is_taken_at_its_steps(pairs, tmp_path):
    _, networks, film = train(pairs, tmp_path)
    assert film.at.tolist()[0] == 1
    assert film.at.tolist()[-1] == 12
    last = poshak.generate(networks["converter"], film.photos.numpy())
    assert np.array_equal(film.frames[-1].numpy(), last)
    assert not torch.equal(film.frames[0], film.frames[-1])


def test_the_pixel_loss_fades_out(pairs, tmp_path, monkeypatch):
    pulls, play = [], poshak.play

    def watched(*arguments):
        pulls.append(arguments[-1])
        return play(*arguments)

    monkeypatch.setattr(poshak, "play", watched)
    train(pairs, tmp_path, steps=8)  # warm = half of the steps
    weight = poshak.GAN["pixel"]
    assert pulls == pytest.approx([weight * x for x in (1, 0.75, 0.5, 0.25, 0, 0, 0, 0)])
    pulls.clear()
    train(pairs, tmp_path, "mse", steps=3)
    assert pulls == [weight] * 3
    pulls.clear()
    train(pairs, tmp_path, steps=3, warm=poshak.budget("paper")["warm"])
    assert pulls == [0.0] * 3  # the paper has no pixel loss


def test_a_collapsed_converter_stops_the_run():
    poshak.check_alive(torch.rand(4, 3, 8, 8), "gan", 100)
    with pytest.raises(TrainingDiverged, match="'gan' has collapsed at step 100"):
        poshak.check_alive(torch.full((4, 3, 8, 8), 0.3), "gan", 100)


def test_a_loss_that_is_no_number_stops_the_run(pairs, tmp_path, monkeypatch):
    monkeypatch.setattr(poshak, "domain_loss", lambda *_: torch.tensor(math.nan))
    with pytest.raises(TrainingDiverged, match="domain is nan in step 0"):
        train(pairs, tmp_path)


def test_the_converter_overfits_four_pairs(pairs, tmp_path):
    rows = pairs.where(split="train", item=np.unique(pairs.where(split="train").item)[:4].tolist())
    run = Run(
        "03_poshaknet", data="d", arm="mse", scale="smoke", seed=0, results=tmp_path, progress=False
    )
    plan = PLAN | {"gan_width": 1 / 8, "gan_rate": 3e-3}
    networks, optimizers = poshak.make_gan(poshak.GANS["mse"], plan, seed=0)
    film = poshak.Film(rows.where(domain=STREET).pixels(16), 60, frames=2)
    batches = Batches(rows, 16, items=4, pictures=2, steps=60, augment=None)
    poshak.fit_gan(run, networks, optimizers, film, batches, poshak.GANS["mse"])
    fronts = rows.where(domain=SHOP)
    true = fronts.pixels(16)[np.searchsorted(fronts.item, rows.where(domain=STREET).item)]
    before, after = (poshak.likeness(film.frames[i].numpy(), true)["rmse"].mean() for i in (0, -1))
    assert after < 0.5 * before


# Pictures


def test_signed_undoes_the_normalisation():
    pixels = torch.randint(0, 256, (2, 3, 4, 4), dtype=torch.uint8)
    expected = pixels.float() / 127.5 - 1
    torch.testing.assert_close(poshak.signed(normalise(pixels)), expected, atol=1e-5, rtol=0)


def test_generate_gives_the_pixels_of_the_tanh():
    made = torch.linspace(-1, 1, 48).reshape(1, 3, 4, 4)

    class Fixed(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def forward(self, photos):
            return made.expand(len(photos), -1, -1, -1)

    found = poshak.generate(Fixed(), np.zeros((2, 3, 4, 4), np.uint8))
    assert found.dtype == np.uint8
    assert np.array_equal(found[1], ((made[0] + 1) * 127.5).round().numpy())


def test_likeness_is_its_definition():
    generator = np.random.default_rng(0)
    a, b = generator.integers(0, 256, (2, 3, 3, 24, 24)).astype(np.uint8)
    found = poshak.likeness(a, b)
    difference = a.astype(float) / 255 - b.astype(float) / 255
    np.testing.assert_allclose(found["rmse"], (difference**2).mean((1, 2, 3)) ** 0.5, rtol=1e-5)
    same = poshak.likeness(a, a)
    assert np.allclose(same["rmse"], 0)
    assert np.allclose(same["ssim"], 1)
    assert (found["ssim"] < 0.2).all()


def test_white_share_counts_the_background_alone():
    pictures = np.full((1, 3, 4, 4), 255, np.uint8)
    pictures[0, 1, 0] = 100  # one row of four is not white
    masks = np.zeros((1, 4, 4), bool)
    assert poshak.white_share(pictures, masks) == pytest.approx([12 / 16])
    masks[0, 0, :2] = True
    assert poshak.white_share(pictures, masks) == pytest.approx([12 / 14])


# Phase 2


def test_facenets_centre_loss_is_ours_with_another_weight():
    torch.manual_seed(0)
    features, products = torch.randn(12, 8, dtype=torch.float64), torch.arange(12) % 3
    loss = CenterLoss(3, 8).double()
    centres = torch.zeros(3, 8, dtype=torch.float64)
    for _ in range(3):  # the centres move between the calls
        facenet = 0.95 * (features - centres[products]).square().mean()
        torch.testing.assert_close(2 * 0.95 / 8 * loss(features, products), facenet)
        centres = loss.centers.clone()
    assert poshak.MATCHERS["gan,facenet"]["loss"]["center"] == pytest.approx(0.0148, abs=5e-5)


def test_joint_supervision_is_the_sum_of_its_equations():
    torch.manual_seed(0)
    joint = poshak.Joint(3, 8, center=0.95)
    features, products = torch.randn(6, 8), torch.arange(6) % 3
    parts = joint(features, products)
    scores = features @ joint.softmax.weight.T + joint.softmax.bias
    by_hand = -sum(row.log_softmax(0)[p] for row, p in zip(scores, products, strict=True)) / 6
    torch.testing.assert_close(parts["softmax"], by_hand)
    squared = sum((row**2).sum() for row in features) / 12  # centres start at zero
    torch.testing.assert_close(parts["center"], 0.95 * squared)
    assert list(poshak.Joint(3, 8, center=0.0)(features, products)) == ["softmax"]
    assert list(poshak.Joint(3, 8, triplet=0.2)(features, products)) == ["triplet"]


def test_the_matcher_enlarges_small_pictures_and_passes_large_ones():
    sizes = []

    class Net(torch.nn.Module):
        dim = 3

        def forward(self, x):
            sizes.append(x.shape[-1])
            return x.mean((2, 3))

    net = poshak.Matcher(Net(), 40)
    white = normalise(torch.full((1, 3, 32, 32), 255, dtype=torch.uint8))
    torch.testing.assert_close(net(white), torch.ones(1, 3))
    net(torch.zeros(1, 3, 64, 64))
    assert sizes == [40, 64]


@dataclass
class Rows:
    """What measuring needs of a catalogue."""

    category: np.ndarray
    item: np.ndarray
    family: np.ndarray
    attributes: np.ndarray
    attribute_names: tuple

    def __len__(self):
        return len(self.item)


def rows(kinds, item, family=None, **attributes):
    family = np.full(len(item), -1) if family is None else np.array(family)
    table = np.array(list(attributes.values())).T.reshape(len(item), len(attributes))
    return Rows(np.array(kinds), np.array(item), family, table, tuple(attributes))


def test_category_precision_of_perfect_and_known_rankings():
    gallery = rows(["a"] * 16 + ["b"] * 16, list(range(32)))
    angles = np.linspace(0, 1.5, 32)
    vectors = np.stack([np.cos(angles), np.sin(angles)], 1)
    asked = rows(["a", "b"], [0, 31])
    found = poshak.measured(vectors[[0, 31]], vectors, asked, gallery)
    assert all(found.metrics[f"category_precision@{k}"] == 1 for k in range(1, 16))
    assert found.metrics["hit@1"] == 1
    swapped = rows(["b", "b"], [0, 31])  # the first query now meets the wrong half first
    found = poshak.measured(vectors[[0, 31]], vectors, swapped, gallery)
    assert all(found.metrics[f"category_precision@{k}"] == 0.5 for k in range(1, 16))
    assert found.intervals["category_precision@3"] == (0.0, 1.0)


@pytest.mark.parametrize(
    ("relevant", "golden"), [("1010000100", 0.4), ("0110000000", 0.4), ("0000001000", 0.0)]
)
def test_category_precision_has_its_golden_values(relevant, golden):
    angles = np.linspace(0.1, 1.5, 10)
    vectors = np.stack([np.cos(angles), np.sin(angles)], 1)  # ranked in their order
    shop = rows(["a" if r == "1" else "b" for r in relevant], range(10))
    found = poshak.measured(np.array([[1.0, 0.0]]), vectors, rows(["a"], [0]), shop)
    assert found.metrics["category_precision@5"] == pytest.approx(golden)
    assert found.metrics["category_precision@1"] == float(relevant[0])


def test_category_precision_is_the_loop():
    generator = np.random.default_rng(0)
    query, gallery = generator.normal(size=(7, 4)), generator.normal(size=(30, 4))
    kinds = np.array(list("abc"))
    asked = rows(kinds[np.arange(7) % 3], np.arange(7))
    shop = rows(kinds[generator.integers(0, 3, 30)], np.arange(30) % 10)
    found = poshak.measured(query, gallery, asked, shop)
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (query, gallery)]
    order = np.argsort(-unit[0] @ unit[1].T, axis=1)
    for k in (1, 4, 15):
        shares = [
            np.mean([shop.category[g] == asked.category[q] for g in order[q, :k]]) for q in range(7)
        ]
        assert found.metrics[f"category_precision@{k}"] == pytest.approx(np.mean(shares))


def test_agreement_counts_known_values():
    asked = rows(["x"] * 2, [0, 1], category=[0, 1], colour=[2, 3], sleeve=[-1, 4])
    shop = rows(["x"] * 3, [0, 1, 2], category=[0, 1, 1], colour=[3, 3, 2], sleeve=[4, 0, -1])
    found = poshak.agreement(np.array([[0, 1], [1, 2]]), asked, shop, k=2)
    assert found == {"type": 0.75, "colour": 0.25, "sleeve": 0.0}


def test_relatives_are_the_product_and_its_family():
    asked = rows(["x"] * 2, [0, 5], family=[7, -1])
    shop = rows(["x"] * 4, [0, 1, 5, 6], family=[7, 7, -1, -1])
    assert poshak.relatives(asked, shop).tolist() == [[0, 0], [0, 1], [1, 2]]


def test_strangers_are_told_by_their_best_similarity():
    gallery, names = (
        np.eye(3),
        rows(["x"] * 3, [0, 1, 2], category=[0] * 3, colour=[0] * 3, sleeve=[0] * 3),
    )
    strangers = np.array([[0.6, 0.8, 0.0]])
    found = poshak.measured(gallery, gallery, names, names)
    done = poshak.Search(found, gallery, strangers, gallery, names, names)
    present, absent = poshak.best_matches(done)
    assert present.tolist() == [1, 1, 1]
    assert absent.tolist() == [0.8]
    assert poshak.roc_auc_score([1, 1, 1, 0], np.r_[present, absent]) == 1


# The pipeline


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    folder = tmp_path_factory.mktemp("poshaknet")
    patch = pytest.MonkeyPatch()
    patch.setattr(poshak, "cache_folder", lambda: folder / "kept")
    yield {
        "scale": "smoke",
        "device": "cpu",
        "results": folder / "results",
        "data_root": "",
        "causes": False,
        "progress": False,
    }
    patch.undo()


def test_photos_go_through_both_phases_and_the_product_picture_is_the_upper_bound(where):
    gan = poshak.do_gan("gan", 0, where).found
    best = poshak.do_matcher("product", 0, where).found
    assert best.metrics["hit@1"] > gan.metrics["hit@1"]
    kept = {r.arm: r for r in poshak.records.load(where["results"])}
    assert set(kept) == {"gan", "gan,absent", "product"}
    assert kept["gan,absent"].metrics["hit@1"] == 0  # no query can find what is not there
    assert {"rmse", "ssim", "white_background", "no_match_auc"} <= set(kept["gan"].extra)
    assert kept["gan"].extra["settings"] == poshak.GAN
    assert "category_precision@15" in kept["product"].intervals
    first, last = (kept["gan"].metrics[f"category_precision@{k}"] for k in (1, 15))
    assert kept["gan"].extra["category_precision@15 minus @1"] == pytest.approx(last - first)


def test_forms_of_the_same_photos(where):
    asked = poshak.queries_of(poshak.load_shop("smoke"))
    asked, size = asked.take(np.arange(6)), 32
    seen = {form: poshak.as_seen(form, asked, size, 0, where) for form in poshak.CUTS}
    assert all(x.shape == (6, 3, size, size) and x.dtype == np.uint8 for x in seen.values())
    assert np.array_equal(seen["photo"], asked.pixels(size))
    white = {form: (x > 225).all(1).mean() for form, x in seen.items()}
    assert white["photo"] < white["box"] < white["mask"]
    corners = seen["product"][:, :, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners > 225).all()


def test_no_product_of_the_shop_is_among_the_pairs(pairs):
    shop = poshak.load_shop("smoke")
    fronts = poshak.gallery_of(shop).where(view="original")
    assert set(poshak.queries_of(shop).item) == set(fronts.item)
    assert not set(poshak.strangers_of(shop).item) & set(fronts.item)
    known = {p.tobytes() for p in pairs.where(domain=SHOP).pixels(32)}
    assert not known & {p.tobytes() for p in fronts.pixels(32)}


def test_a_matcher_of_its_own_learns_from_the_shop_and_from_its_form(where):
    plan = poshak.budget("smoke")
    alone = poshak.lessons(poshak.MATCHERS["product"], plan, 0, where)
    more = poshak.lessons(poshak.MATCHERS["photo,own"], plan, 0, where)
    fronts = poshak.lessons(poshak.MATCHERS["product,own"], plan, 0, where)
    assert more.n_items == fronts.n_items == alone.n_items + plan["own_products"]
    assert len(more) == len(fronts) + 2 * plan["own_products"]  # two photos a product
    first = poshak.gallery_of(poshak.load_shop("smoke")).pixels(plan["size"])
    assert np.array_equal(more.pixels(plan["size"])[: len(first)], first)


def test_matchers_that_lack_something_are_left_out(pairs, tmp_path):
    trained = {arm for arm in poshak.MATCHERS if not poshak.missing(arm, pairs, tmp_path)}
    assert set(poshak.MATCHERS) - trained == set(poshak.RELEASED)
    weights = tmp_path / poshak.RELEASED["gan,face"]
    weights.parent.mkdir()
    weights.touch()
    assert not poshak.missing("gan,face", pairs, tmp_path)
    photographed = replace(pairs, reader=None)  # as real pairs are: nobody knows their masks
    assert "no true boxes" in poshak.missing("mask,own", photographed, tmp_path)
    assert not poshak.missing("photo,own", photographed, tmp_path)


def test_a_matcher_embeds_on_the_unit_sphere(where):
    net = poshak.train_matcher("product", 0, where)[1]
    rows = poshak.gallery_of(poshak.load_shop("smoke"))
    e = retrieval.embed(net, rows, 32)
    assert e.shape == (len(rows), 128)
    np.testing.assert_allclose(np.linalg.norm(e, axis=1), 1, rtol=1e-5)
