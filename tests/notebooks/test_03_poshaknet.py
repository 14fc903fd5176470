"""Chapter 03: networks, losses and training of PoshakNet, against counts, loops and limits."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F
from tried import all_tried

from fashret_utils import chapters
from fashret_utils.data.batches import Batches
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.evidence import records
from fashret_utils.evidence.claims import ledger
from fashret_utils.evidence.pages import drawing_files
from fashret_utils.models.losses import CenterLoss
from fashret_utils.training import Job, Run
from fashret_utils.training.drawing import likeness
from fashret_utils.training.history import TrainingDiverged

poshak = chapters.definitions("03_poshaknet")
SMALL = {"size": 16, "width": 1 / 32}
PLAN = {"size": 16, "gan_width": 1 / 32, "judge_width": 1 / 32}
SETTINGS = poshak.choose([])
GANS = {arm: told for arm, told in SETTINGS.items() if arm in (*poshak.DRAWN, *poshak.SMALL)}


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


def test_only_the_first_four_layers_of_the_encoder_are_activated():
    converter = poshak.Converter(code=8, **SMALL)
    assert type(converter.encoder[-1]).__name__ == "Conv2d"  # the code: no norm, no activation
    codes = converter.encoder(torch.rand(64, 3, 16, 16) * 2 - 1)
    assert 0.2 < (codes < 0).float().mean() < 0.8
    photos = torch.rand(4, 3, 16, 16) * 2 - 1
    assert converter.decoder[0] is not None
    torch.testing.assert_close(converter.decoder(converter.encoder(photos)), converter(photos))


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


@pytest.mark.parametrize("name", sorted(set(GANS) - {"encoder"}))
def test_every_arm_trains_what_it_names(name):
    settings = GANS[name]
    networks, optimizers = poshak.make_gan(settings, PLAN, seed=0)
    run, (source, target) = Recorder(), pictures()
    torch.manual_seed(3)
    pull = poshak.pull_of(settings, 0, 10)
    poshak.play(run, networks, optimizers, source, target, settings, pull)
    trained = [judge for judge in ("real", "domain") if settings[judge]]
    if settings["selection"] == "mean":
        trained.append("converter")
    assert set(trained) <= set(run.seen)
    assert all(share > 0.9 for _, share in run.seen.values())
    learn = [networks[name] for name in ("converter", "real", "domain")]
    assert all(p.requires_grad for network in learn for p in network.parameters())


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


def test_the_headline_has_the_papers_losses_and_no_pixel_loss():
    for arm, told in GANS.items():
        pulls = [poshak.pull_of(told, step, 1000) for step in range(1000)]
        if arm.endswith("mse"):  # named after it
            assert min(pulls) == max(pulls) > 0
        elif arm == "small,warm":
            assert pulls[0] == 100
            assert all(a >= b for a, b in itertools.pairwise(pulls))
            assert max(pulls[100:]) == 0  # at most a tenth of the steps
        else:
            assert not any(pulls), arm
    assert GANS["gan"]["real"]
    assert GANS["gan"]["domain"]
    assert GANS["gan"]["irrelevant"]


def test_ablations_differ_from_the_headline_in_what_their_name_says():
    same = GANS["small,gan"]
    assert same == GANS["gan"]
    for arm, change in poshak.SMALL.items():
        if not arm.endswith("mse"):
            assert GANS[arm] == same | change
    assert GANS["small,mse"] == GANS["mse"]
    assert GANS["small,gan+mse"] == GANS["gan+mse"]
    assert GANS["encoder"] == same | {"encoder": "trunk"}


def test_arms_of_a_seed_start_alike():
    starts = {arm: poshak.make_gan(GANS[arm], PLAN, seed=3)[0] for arm in ("gan", "small,mse")}
    for name in ("converter", "real", "domain", "average"):
        ours, theirs = (starts[arm][name].state_dict() for arm in starts)
        assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    other = poshak.make_gan(GANS["gan"], PLAN, seed=4)[0]["converter"]
    first, second = (net.encoder[0].weight for net in (other, starts["gan"]["converter"]))
    assert not torch.equal(first, second)


def test_the_judge_of_realism_counts_irrelevant_targets_as_targets():
    networks, _ = poshak.make_gan(GANS["gan"], PLAN, seed=0)
    source, target = pictures()
    shown = {"target": target, "irrelevant": target.roll(1, 0), "inferred": source}
    each = [poshak.real_loss(networks["real"], shown, draw) for draw in poshak.DRAWS]
    found = poshak.judge_losses(networks, "real", source, shown, list(poshak.DRAWS))
    torch.testing.assert_close(found, sum(each) / 3)
    each = [poshak.domain_loss(networks["domain"], source, shown, d) for d in poshak.DRAWS]
    found = poshak.judge_losses(networks, "domain", source, shown, list(poshak.DRAWS))
    torch.testing.assert_close(found, sum(each) / 3)
    two = [name for name in poshak.DRAWS if name != "irrelevant"]  # as often without them
    without = poshak.judge_losses(networks, "real", source, shown, two)
    whole = poshak.judge_losses(networks, "real", source, shown, list(poshak.DRAWS))
    torch.testing.assert_close(without, whole)
    alone = poshak.judge_losses(networks, "real", source, shown, ["irrelevant"])
    torch.testing.assert_close(alone, poshak.real_loss(networks["real"], shown, "irrelevant"))


def test_photo_and_product_are_mirrored_together():
    torch.manual_seed(0)
    images = torch.arange(3.0).expand(40, 3, 2, 3) + torch.arange(40.0)[:, None, None, None]
    source, target = poshak.flipped(images)
    turned = source[:, 0, 0, 0] > source[:, 0, 0, 2]
    assert 3 < turned.sum() < 17
    for side, given in ((source, images[::2]), (target, images[1::2])):
        expected = torch.where(turned[:, None, None, None], given.flip(-1), given)
        torch.testing.assert_close(side, expected)


def test_rates_are_constant_for_four_fifths_and_fall_to_zero():
    factor = poshak.falling(100)
    assert [factor(step) for step in (0, 50, 80)] == pytest.approx([1, 1, 1])
    assert factor(90) == pytest.approx(0.5)
    assert factor(100) == 0


def test_the_rate_falls_with_the_steps_of_the_run_for_a_converter_trained_in_some(pairs, tmp_path):
    steps, kept = 12, {}
    names = {"data": "d", "arm": "small,random", "scale": "smoke", "seed": 0, "progress": False}
    run = Run("03_poshaknet", **names, results=tmp_path)
    networks, optimizers = poshak.make_gan(GANS["small,random"], PLAN, seed=0)
    rows = pairs.where(split="train")
    film = poshak.Film(rows.pixels(16)[:2], steps, frames=1)
    film.turn = lambda _: kept.update({run.step: optimizers["converter"].param_groups[0]["lr"]})
    batches = Batches(rows, 16, items=6, pictures=2, steps=steps, augment=None)
    poshak.fit_gan(run, networks, optimizers, film, batches, GANS["small,random"])
    drawn = [step for step in kept if step and kept[step] != kept[step - 1]]
    factor = poshak.falling(steps)
    for step in drawn:  # the rate of the next step
        assert kept[step] == pytest.approx(4e-4 * factor(step + 1))
    assert drawn


def test_the_encoder_of_ours_keeps_the_trunk_frozen():
    settings = GANS["encoder"]
    networks, optimizers = poshak.make_gan(settings, PLAN, seed=0)
    converter = networks["converter"]
    stem = converter.encoder.stem
    before = [value.clone() for value in stem.state_dict().values()]
    source, target = pictures()
    loss = F.mse_loss(converter.train()(source), target)
    loss.backward()
    optimizers["converter"].step()
    after = stem.state_dict().values()
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert converter.encoder.code.weight.grad.abs().max() > 0


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


def train(pairs, tmp_path, name="gan", steps=12, stop=None, rate=4e-4, **options):
    """Train a small GAN; `stop`: kill it in this step."""
    names = {"data": "d", "arm": name, "scale": "smoke", "seed": 0, "progress": False}
    run = Run("03_poshaknet", **names, results=tmp_path / "results", every=4, **options)
    told = GANS[name] | {"rate": rate}
    networks, optimizers = poshak.make_gan(told, PLAN, seed=0)
    rows = pairs.where(split="train")
    film = Killed(rows.pixels(16)[:2], steps, frames=4)
    film.stop = stop
    batches = Batches(rows, 16, items=6, pictures=2, steps=steps, augment=None)
    poshak.fit_gan(run, networks, optimizers, film, batches, told)
    return run, networks, film


def states(networks, film):
    return [t for part in (*networks.values(), film) for t in part.state_dict().values()]


@pytest.mark.parametrize("name", ["gan", "small,random"])
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


def test_what_draws_is_the_moving_average(pairs, tmp_path):
    _, networks, film = train(pairs, tmp_path, rate=0.02)
    assert film.at.tolist() == [1, 2, 5, 12]
    last = poshak.generate(networks["average"], film.photos.numpy())
    assert np.array_equal(film.frames[-1].numpy(), last)
    assert not np.array_equal(last, poshak.generate(networks["converter"], film.photos.numpy()))
    assert not torch.equal(film.frames[0], film.frames[-1])


def test_a_loss_that_is_no_number_stops_the_run(pairs, tmp_path, monkeypatch):
    monkeypatch.setattr(poshak, "domain_loss", lambda *_: torch.tensor(math.nan))
    with pytest.raises(TrainingDiverged, match="domain is nan in step 0"):
        train(pairs, tmp_path)


def test_the_converter_overfits_four_pairs(pairs, tmp_path):
    rows = pairs.where(split="train", item=np.unique(pairs.where(split="train").item)[:4].tolist())
    run = Run(
        "03_poshaknet", data="d", arm="mse", scale="smoke", seed=0, results=tmp_path, progress=False
    )
    plan, told = PLAN | {"gan_width": 1 / 8}, GANS["mse"] | {"rate": 3e-3}
    networks, optimizers = poshak.make_gan(told, plan, seed=0)
    film = poshak.Film(rows.where(domain=STREET).pixels(16), 80, frames=2)
    batches = Batches(rows, 16, items=4, pictures=2, steps=80, augment=None)
    poshak.fit_gan(run, networks, optimizers, film, batches, told)
    fronts = rows.where(domain=SHOP)
    true = fronts.pixels(16)[np.searchsorted(fronts.item, rows.where(domain=STREET).item)]
    before, after = (likeness(film.frames[i].numpy(), true)["rmse"].mean() for i in (0, -1))
    assert after < 0.6 * before


# Data


def test_matchers_learn_from_products_that_phase_one_has_not_seen(pairs):
    learnt, later = (poshak.taught(pairs, "smoke", part) for part in ("early", "late"))
    assert not set(learnt.item) & set(later.item)
    assert set(learnt.split) == set(later.split) == {"train"}
    assert len(np.unique(later.item)) == poshak.budget("smoke")["own"]
    whole = pairs.where(split="train")
    assert set(learnt.item) | set(later.item) == set(whole.item)
    assert np.array_equal(poshak.taught(pairs, "smoke", "all").item, whole.item)


def test_no_product_of_the_shop_is_among_the_pairs(pairs):
    shop = poshak.load_shop("smoke")
    fronts = shop.where(split="gallery", view="original")
    for split in ("query", "val"):
        assert set(poshak.queries_of(shop, split).item) == set(fronts.item)
    assert not set(poshak.strangers_of(shop).item) & set(fronts.item)
    known = {p.tobytes() for p in pairs.where(domain=SHOP).pixels(32)}
    assert not known & {p.tobytes() for p in fronts.pixels(32)}


def test_the_test_is_as_large_as_the_papers_shop():
    plan = poshak.budget("full")
    assert plan["products"] * 8 == 2608
    assert plan["products"] * plan["queries"] == 1304
    assert plan["size"] == 64
    assert plan["epochs"] == 10
    assert poshak.budget("full", "small,gan")["size"] == 32
    assert poshak.budget("full", "trial,gan,0")["gan_steps"] == plan["trial_steps"]
    assert poshak.budget("full", "trial,small,no-real,0")["size"] == 32
    assert poshak.budget("full", "trial,product,0")["size"] == 64  # matchers see all alike
    assert [poshak.side_of(other, "full") for other in ("", "small", "96")] == [64, 32, 96]


def test_a_blurred_picture_keeps_its_mean_and_loses_its_edges():
    pictures = np.full((1, 3, 32, 32), 255, np.uint8)
    pictures[..., 8:24, 8:24] = 0
    one, two = (poshak.blurred(pictures, sigma).astype(int) for sigma in (1, 2))
    for each in (one, two):
        assert abs(each.mean() - pictures.mean()) < 1
    steps = [np.abs(np.diff(each, axis=-1)).max() for each in (pictures.astype(int), one, two)]
    assert steps[0] > 2 * steps[1] > 3 * steps[2]


# Measures of phase 1


def test_the_mean_picture_is_the_constant_of_least_squares(pairs):
    fronts = poshak.taught(pairs, "smoke").where(domain=SHOP).pixels(16)
    mean = poshak.mean_picture("smoke", "", 16)
    assert mean.shape == (1, 3, 16, 16)

    def loss(picture):
        return ((fronts.astype(float) - picture) ** 2).mean()

    rng = np.random.default_rng(0)
    for _ in range(5):
        other = np.clip(mean + rng.normal(0, 4, mean.shape), 0, 255)
        assert loss(mean.astype(float)) < loss(other)


def test_what_is_drawn_without_a_generator_is_examined_alike(pairs):
    where = {"scale": "smoke", "data_root": ""}
    names = ("photo", "mask", "mean", "product")
    found = {name: poshak.looked_at(name, where, 32) for name in names}
    assert found["mean"]["moved"] == found["mean"]["spread"] == 0  # one picture for all photos
    assert found["product"]["rmse"] == 0  # the true picture is the most there is to reach
    assert found["product"]["white_background"] > 0.9
    assert found["photo"]["rmse"] > found["mean"]["rmse"]
    behind = "moved by background"  # it shines through at the edges of a cut-out, no more
    assert found["mask"][behind] < found["photo"][behind] / 3
    assert set(found["mean"]) == set(found["photo"]) == set(found["mask"]) > set(found["product"])
    assert poshak.looked_at("box", where, 32) == {}


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
    assert poshak.MATCHERS["box,facenet"]["loss"]["center"] == pytest.approx(0.0148, abs=5e-5)


def test_joint_supervision_is_the_sum_of_its_equations():
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
    again = poshak.Joint(3, 8, center=0.0).softmax.weight
    assert torch.equal(again, joint.softmax.weight)  # arms of a seed start alike


def test_matchers_start_from_imagenet_and_keep_its_batch_statistics():
    ours, random = poshak.Matcher(8, 0), poshak.Matcher(8, 0, pretrained=False)
    whole = poshak.trunk("lite0")
    last = whole.steps.block15.state_dict()
    found = ours.tail.block15.state_dict()
    assert all(torch.equal(last[key], found[key]) for key in last)
    assert not all(torch.equal(random.tail.block15.state_dict()[k], last[k]) for k in last)
    assert torch.equal(ours.head[0].weight, random.head[0].weight)
    kept = {key: value.clone() for key, value in found.items() if "running" in key}
    ours.train()(torch.rand(4, 192, 3, 3))
    after = ours.tail.block15.state_dict()
    assert all(torch.equal(after[key], value) for key, value in kept.items())


def test_a_strong_pull_to_the_centre_cannot_shrink_the_features():
    where = {"scale": "smoke", "data_root": ""}
    maps, products = poshak.lessons(SETTINGS["product"], "maps", 0, where)
    maps, products = torch.from_numpy(maps).float(), torch.from_numpy(products)
    net, joint = poshak.Matcher(8, 0).train(), poshak.Joint(len(products), 8, center=0.95)
    trained = [p for p in net.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam([*trained, *joint.parameters()], 1e-3)
    for _ in range(20):
        optimizer.zero_grad()
        sum(joint(net(maps), products).values()).backward()
        optimizer.step()
    spread = net(maps).var(0, unbiased=False)
    assert spread.min() > 0.9
    assert spread.max() < 1.1


def test_every_form_has_the_same_network_rates_and_steps(pairs):
    own = [SETTINGS[f"{form},own"] for form in poshak.FORMS]
    assert {tuple(told["loss"].items()) for told in own} == {(("center", 0.95),)}
    assert {told["rate"] for told in own} == {SETTINGS["product"]["rate"]}
    assert {told["start"] for told in own} == {"imagenet"}
    where = {"scale": "smoke", "data_root": ""}
    taught = {
        form: poshak.lessons(SETTINGS[f"{form},own"], "maps", 0, where)
        for form in ("photo", "product")
    }
    assert np.array_equal(taught["photo"][1], taught["product"][1])  # as many pictures, steps
    assert not np.array_equal(taught["photo"][0], taught["product"][0])
    assert "mse,own" in SETTINGS
    assert SETTINGS["photo,pairs"] == SETTINGS["photo,own"] | {"pairs": "all", "longer": 1.5}
    products = poshak.lessons(SETTINGS["photo,pairs"], "maps", 0, where)[1]
    late, early = poshak.budget("smoke")["own"], len(poshak.taught(pairs, "smoke"))
    assert len(products) == len(taught["photo"][1]) + early
    assert products.max() > taught["photo"][1].max() > late
    seen = {}  # how often a product of the shop is met, at full scale
    for arm, further in (("photo,own", 600), ("photo,pairs", 6600)):
        longer = SETTINGS[arm]["longer"]
        of = np.r_[np.repeat(np.arange(326), 8), 326 + np.repeat(np.arange(further), 3)]
        lessons = poshak.Lessons(of, of, items=16, epochs=round(10 * longer))
        seen[arm] = lessons.steps * 16 * 4 / (326 + further)
    assert seen["photo,pairs"] == pytest.approx(seen["photo,own"], rel=0.1)
    net, joint = poshak.Matcher(8, 0), poshak.Joint(5, 8)
    tail, new = poshak.rates_of(net, joint, 1e-3)
    assert (tail["lr"], new["lr"]) == (1e-3, 3e-3)
    learnt = [p for part in (net, joint) for p in part.parameters() if p.requires_grad]
    assert {id(p) for group in (tail, new) for p in group["params"]} >= set(map(id, learnt))
    net.tail.requires_grad_(False)
    (alone,) = poshak.rates_of(net, joint, 1e-3)  # a linear layer on the frozen trunk
    assert alone["lr"] == 3e-3


# The plan and its records


def tried_all():
    """Trials of all rounds; the later a choice stands, the better on validation alone."""
    found = []
    for place in range(len(poshak.rounds([]))):
        found = all_tried(poshak.rounds(found)[: place + 1])
    return found


def test_settings_are_chosen_on_validation_alone():
    found = tried_all()
    chosen, rounds = poshak.choose(found), poshak.rounds(found)
    for arm, choices in rounds[0].items():
        assert len(choices) == 3, arm
        beyond, further = rounds[2][arm][3:]  # the best was at an edge, and so once again
        assert rounds[1][arm] == [*choices, beyond]
        for before, after in ((choices[-1], beyond), (beyond, further)):
            factor = 2 if arm in GANS else 3
            assert after["rate"] == pytest.approx(factor * before["rate"], rel=0.2)
        assert chosen[arm] == further
    assert chosen["gan"]["judge_rate"] == chosen["gan"]["rate"] / 2
    assert chosen["gan+mse"]["pixel"] == 100  # and no further: that would be regression
    assert chosen["gan+mse"]["rate"] == chosen["gan"]["rate"]
    own = [chosen[arm]["rate"] for arm in poshak.OWN if arm != "photo,pairs"]
    assert set(own) == {rounds[2]["photo,own"][-1]["rate"]}  # the best of two arms for all
    marks = {"photo,own": (0.3, 0.5, 0.4), "box,own": (0.3, 0.1, 0.4), "product": (0.9, 0, 0)}
    names = {f"trial,{arm},{i}": m for arm, each in marks.items() for i, m in enumerate(each)}
    found = [replace(found[0], arm=arm, extra={"val_map": mark}) for arm, mark in names.items()]
    chosen = poshak.choose(found)
    assert chosen["gan,own"]["rate"] == chosen["product,own"]["rate"] == poshak.RATES[2]["rate"]
    assert chosen["product"]["rate"] == poshak.RATES[0]["rate"]


def test_the_plan_goes_round_by_round():
    assert {job.stage for job in poshak.plan("full", [])} == {0}
    found, stages = [], []
    for place in range(len(poshak.rounds([]))):
        found = all_tried(poshak.rounds(found)[: place + 1])
        stages.append({job.stage for job in poshak.plan("full", found)})
    assert stages[:3] == [{*range(n)} for n in (2, 3, 4)]
    jobs = [job for job in poshak.plan("full", found) if job.stage > 3]
    seeds = {job.arm: sum(j.arm == job.arm for j in jobs) for job in jobs}
    assert set(seeds) == {*poshak.DRAWN, *poshak.SMALL, *poshak.MATCHERS}
    stage = {job.arm: job.stage for job in jobs}
    assert stage["product"] < stage["gan"] < stage["gan,own"]  # each learns from those before


def test_what_decides_a_claim_has_five_seeds_or_three_where_something_draws():
    paper = ledger.read(chapters.book_root() / "book/claims/poshaknet.yml")
    arms = {arm for claim in paper.claims for part in claim.evidence for arm in part["contrast"]}
    jobs = [job for job in poshak.plan("full", tried_all()) if job.stage > 3]
    seeds = {job.arm: sum(j.arm == job.arm for j in jobs) for job in jobs}
    by_name = {name: arm for arm in poshak.MATCHERS for name in poshak.asked_as(arm).values()}
    for arm in arms - set(paper.untrained):
        made_by = by_name.get(arm, arm.removeprefix("trunk,"))
        made_by = "gan" if made_by in ("gan,absent", "gan,fewer") else made_by
        assert seeds[made_by] == (5 if made_by in poshak.DECIDE else 3), arm


def test_a_trial_that_diverges_is_recorded_as_the_worst(where, monkeypatch):
    def diverge(*_):
        raise TrainingDiverged("a loss is nan")

    monkeypatch.setattr(poshak, "fit_gan", diverge)
    poshak.do(Job(poshak.DATA, "trial,mse,2", 0, SETTINGS["mse"]), where)
    kept = {r.arm: r for r in records.load(where["results"])}["trial,mse,2"]
    assert kept.extra["val_map"] == 0
    assert kept.extra["settings"] == SETTINGS["mse"]


def test_every_arm_of_the_ledger_is_one_that_runs_write():
    paper = ledger.read(chapters.book_root() / "book/claims/poshaknet.yml")
    arms = {arm for claim in paper.claims for part in claim.evidence for arm in part["contrast"]}
    written = {*poshak.PLAIN.values(), *GANS, *(f"trunk,{name}" for name in poshak.DRAWN)}
    written |= {"gan,absent", "gan,fewer"}
    written |= {name for arm in poshak.MATCHERS for name in poshak.asked_as(arm).values()}
    assert arms <= written
    assert set(paper.untrained) == set(poshak.PLAIN.values())


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    patch, folder = pytest.MonkeyPatch(), tmp_path_factory.mktemp("poshaknet")
    patch.setattr(poshak, "cache_folder", lambda: folder / "kept")
    patch.setattr(poshak, "TESTS", (poshak.DATA,))
    yield {
        "scale": "smoke",
        "device": "cpu",
        "results": folder / "results",
        "data_root": "",
        "progress": False,
    }
    patch.undo()


def test_a_job_is_recorded_query_by_query_and_a_trial_without_the_test(where):
    jobs = [
        Job(poshak.DATA, "mean", 0, {"form": "mean"}),
        Job(poshak.DATA, "trunk,product", 0, {"form": "product"}),
        Job(poshak.DATA, "trial,gan,0", 0, SETTINGS["gan"]),
        Job(poshak.DATA, "trial,product,1", 0, SETTINGS["product"]),
        *[Job(poshak.DATA, arm, 0, SETTINGS[arm]) for arm in ("product", "gan", "gan,own")],
    ]
    for job in jobs:
        poshak.do(job, where)
    for job in jobs:  # or a campaign would run it again and again
        assert poshak.recorded(where["results"], chapter=poshak.CHAPTER, scale="smoke", **job.names)
    found = {r.arm: r for r in records.load(where["results"])}
    assert {job.arm for job in jobs} <= set(found)
    assert {"photo", "box", "mask", "trunk,gan", "gan,absent", "gan,fewer"} <= set(found)
    for arm in ("trial,gan,0", "trial,product,1"):
        assert found[arm].metrics == {}
        assert 0 < found[arm].extra["val_map"] <= 1
    asked = poshak.queries_of(poshak.load_shop("smoke"))
    for arm in ("gan", "trunk,gan", "photo", "gan,own", "mean"):
        kept = records.per_query(found[arm], where["results"])
        assert np.array_equal(kept.item, asked.item)
        assert kept.has("category_precision@15")
        assert kept.has("sleeve_in_type@10")
        assert kept.has("colour_in_type@10")
    assert found["trunk,product"].metrics["hit@1"] == 1  # the upper bound, by construction
    assert found["gan,absent"].metrics["hit@1"] == 0  # no query can find what is not there
    assert {"rmse", "kernel_distance", "type_read", "moved"} <= set(found["mean"].extra)
    assert "rmse" in found["trunk,product"].extra
    drawn = drawing_files.read(list(found.values()), ["gan"], poshak.DATA, [where["results"]])[
        "gan"
    ]
    assert drawn["frames"].shape[1:] == drawn["photos"].shape == drawn["truth"].shape
    assert {"white_background", "no_match_auc", "val_map"} <= set(found["gan"].extra)
    assert found["gan"].extra["settings"] == SETTINGS["gan"]
    assert "val_map" in found["photo"].curve
    further = found["gan,own"].extra["settings"]["rows"]
    assert further == ["shop", "gan"]


def test_the_record_that_ends_a_job_is_its_last(where, monkeypatch):
    for arm in ("product", "gan"):  # killed before it, a campaign does the job again
        kept = []
        monkeypatch.setattr(poshak, "keep", lambda name, *_, kept=kept, **__: kept.append(name))
        poshak.do(Job(poshak.DATA, arm, 0, SETTINGS[arm]), where)
        assert kept[-1] == arm
        assert kept.count(arm) == 1
    assert {"gan,absent", "gan,fewer", "trunk,gan"} <= set(kept)


def test_forms_of_the_same_photos_have_the_same_pixels(where):
    asked = poshak.queries_of(poshak.load_shop("smoke"))
    asked, size = asked.take(np.arange(6)), 32
    seen = {form: poshak.as_seen(form, asked, size, 0, where) for form in poshak.CUTS}
    assert all(x.shape == (6, 3, size, size) and x.dtype == np.uint8 for x in seen.values())
    assert np.array_equal(seen["photo"], asked.pixels(size))
    white = {form: (x > 225).all(1).mean() for form, x in seen.items()}
    assert white["photo"] < white["box"] < white["mask"]
    corners = seen["product"][:, :, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners > 225).all()
