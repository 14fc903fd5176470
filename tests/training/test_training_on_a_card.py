"""The loop, its checkpoints and the bench on a graphics card: what the CPU does, without waits."""

import json
import sys
from dataclasses import dataclass

import fake_cuda
import numpy as np
import pytest
import torch
from torch import nn

from fashret_utils.data.batches import sent
from fashret_utils.data.catalog import Catalog
from fashret_utils.models import backbones, cut, freeze_batch_norm, pyramid, together, trunk
from fashret_utils.training import Bench, Looks, Run, TrainingDiverged
from fashret_utils.training.checkpoints import all_finite
from fashret_utils.training.resident import Resident, Settled
from fashret_utils.training.run import SYNC_EVERY


@dataclass
class Batch:
    images: torch.Tensor
    items: torch.Tensor

    def __len__(self):
        return len(self.items)


class Noise:
    """Batches of noise: a function of the step, as `Batches` is."""

    def __init__(self, steps, device):
        self.steps, self.device = steps, device

    def __len__(self):
        return self.steps

    def at(self, step):
        generator = torch.Generator().manual_seed(step)
        tensors = torch.randn((8, 3, 16, 16), generator=generator), torch.arange(8) % 4
        return Batch(*(sent(tensor, self.device) for tensor in tensors))


def make(folder, device="cuda", arm="demo", **options):
    names = {"data": "noise", "scale": "smoke", "seed": 0, "progress": False, **options}
    return Run("demo", arm=arm, device=device, results=folder / "results", **names)


def train(run, steps=12, until=None, log=None):
    """Dropout, momentum, clipping, a schedule, a loss with weights."""
    model = nn.Sequential(backbones.small(8, 4, blocks=(1, 1)), nn.Dropout(0.2))
    torch.manual_seed(3)
    head = nn.Linear(8, 4)
    parameters = [*model.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=0.01)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=steps)
    model, head, optimizer, scheduler = run.prepare(model, head, optimizer, scheduler)
    for batch in run.steps(Noise(steps, run.device)):
        if run.step == until:
            break
        embeddings = run.gather(model(batch.images))
        assert embeddings.dtype == torch.float32  # of a network that computes in bfloat16
        loss = nn.functional.cross_entropy(head(embeddings), batch.items)
        run.backward(loss, optimizer)
        if log:
            run.log(**log(embeddings))
    return {f"{i}.{k}": v for i, m in enumerate((model, head)) for k, v in m.state_dict().items()}


def weights(state):
    return {name: value.detach().cpu() for name, value in state.items()}


def test_a_run_learns_on_the_card(tmp_path):
    here = make(tmp_path, "cpu", clip=1.0)
    train(here)
    with fake_cuda.numbers():
        learns_like(here, make(tmp_path, clip=1.0))


def learns_like(here, run):
    assert run.device.type == "cuda"
    state = train(run)
    assert {value.device.type for value in state.values()} == {"cuda"}
    floats = {value.dtype for value in state.values() if value.is_floating_point()}
    assert floats == {torch.float32}
    there, expected = run.history["loss"], here.history["loss"]
    np.testing.assert_allclose(there, expected, rtol=0.1)  # bfloat16 against float32
    assert not np.array_equal(there, expected)


def test_steps_wait_for_the_card_only_now_and_then(card, tmp_path):
    steps = 2 * SYNC_EVERY + 3
    run = make(tmp_path, clip=1.0)
    after = []
    train(run, steps, log=lambda embeddings: after.append(len(card.waits)) or {"one": 1.0})
    in_steps = np.diff(after)  # a look at the losses comes between two steps
    assert in_steps.sum() == 2
    assert len(run.history) == steps


@pytest.mark.parametrize("value", [0.5, torch.tensor(0.5), torch.tensor([0.5]), np.float32(0.5)])
def test_numbers_of_the_cpu_are_logged_beside_those_of_the_card(card, tmp_path, value):
    run = make(tmp_path)
    one = lambda embeddings: embeddings.norm().reshape(1)  # noqa: E731
    train(run, 2, log=lambda embeddings: {"norm": one(embeddings), "mine": value})
    assert (run.history["mine"] == 0.5).all()
    assert (run.history["norm"] > 0).all()


def test_a_run_that_was_stopped_goes_on(card, tmp_path):
    whole = weights(train(make(tmp_path, arm="whole")))
    options = {"arm": "stopped", "checkpoints": tmp_path / "checkpoints", "every": 4}
    train(make(tmp_path, **options), until=7)
    run = make(tmp_path, **options)
    resumed = train(run)
    assert run.step == 12
    assert {value.device.type for value in resumed.values()} == {"cuda"}
    for name, value in weights(resumed).items():
        assert torch.equal(value, whole[name]), name


def with_loss(run, loss):
    """Three steps with a loss of the embeddings."""
    model = backbones.small(4, 2, blocks=(1,))
    model, optimizer = run.prepare(model, torch.optim.SGD(model.parameters(), 0.1))
    for batch in run.steps(Noise(3, run.device)):
        run.backward(loss(model(batch.images)), optimizer)


def test_a_loss_that_is_nan_stops_the_run(card, tmp_path):
    with pytest.raises(TrainingDiverged, match="loss is nan in step 0"):
        with_loss(make(tmp_path), lambda embeddings: embeddings.sum() * float("nan"))


def test_a_loss_that_leaves_something_behind_is_seen(card, tmp_path):
    with pytest.raises(RuntimeError, match="same device"):
        with_loss(make(tmp_path), lambda embeddings: (embeddings * torch.ones(4)).sum())


def test_states_on_two_devices_are_looked_at(card):
    state = {"there": torch.ones(2, device="cuda"), "here": [torch.ones(2)]}
    assert all_finite(state)
    state["there"][1] = torch.inf
    assert not all_finite(state)


def noise(catalog, rows, size):
    seeds = catalog.source[rows].astype(int)
    shape = (3, size, size)
    return np.stack([np.random.default_rng(s).integers(0, 256, shape, np.uint8) for s in seeds])


def catalog(items=24):
    item = np.repeat(np.arange(items), 3)
    domain = np.tile([0, 0, 1], items)
    part = np.repeat(np.arange(items) % 3, 3)  # train, val, test
    split = np.select([part == 0, part == 1, domain == 0], ["train", "val", "query"], "gallery")
    return Catalog(
        name="noise",
        item=item,
        domain=domain,
        split=split,
        category=np.full(len(item), ""),
        source=np.arange(len(item)).astype(str),
        attributes=item[:, None] % 4,
        attribute_names=("week",),
        reader=noise,
        licence="none",
    )


class Tail(nn.Module):
    def __init__(self, tail):
        super().__init__()
        self.tail, self.head = freeze_batch_norm(tail), nn.Linear(1280, 8)

    def forward(self, maps):
        return self.head(self.tail(maps).mean((2, 3)))


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(40 + 112 + 320, 8)

    def forward(self, levels):
        return self.head(together(levels))


def parts(kind):
    lite0 = trunk("lite0", pretrained=False)
    if kind in ("head", "resident"):
        stem = pyramid(lite0, pool=True)
        return (Settled(stem) if kind == "resident" else stem), Head()
    stem, tail = cut(lite0, after=10)
    return stem, Tail(tail)


@pytest.mark.parametrize("kind", ["tail", "head", "resident"])
def test_the_bench_trains_and_searches_on_the_card(card, tmp_path, monkeypatch, kind):
    monkeypatch.setenv("FASHRET_CACHE", str(tmp_path / "cache"))
    run = make(tmp_path)
    stem, model = parts(kind)
    model, optimizer = run.prepare(model, torch.optim.AdamW(model.parameters(), 1e-3))
    bench = (Resident if kind == "resident" else Bench)(catalog(), stem, run.device, size=32)
    looks = Looks(bench, steps=3, looks=1, items=4)
    for batch in run.steps(bench.batches(items=4, steps=3)):
        assert batch.images.dtype == torch.uint8
        card.waits.clear()
        embeddings = model(bench.stem(batch))
        assert (embeddings.device.type, embeddings.dtype) == ("cuda", torch.float32)
        scores = embeddings @ embeddings.T
        items = torch.arange(len(scores), device=scores.device)
        run.backward(nn.functional.cross_entropy(scores, items), optimizer)
        assert card.waits == []
        if looks.due(run.step + 1):
            run.log(val_map=looks.map(model))
    weights = [*model.parameters(), *getattr(stem, "trunk", stem).parameters()]
    assert {p.device.type for p in weights} == {"cuda"}
    assert run.history["val_map"].notna().sum() == 1
    found = bench.search(run.accelerator.unwrap_model(model))
    record = json.loads(run.record(found.retrieval, **found.beside()).read_text())
    assert record["metrics"]["map"] == found.retrieval.metrics["map"]
    assert "not there" in json.dumps(record["machine"])


def test_the_bench_embeds_on_the_card_as_on_the_cpu(card, tmp_path, monkeypatch):
    monkeypatch.setenv("FASHRET_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # its export takes long
    rows = catalog().where(split="val")
    stem, model = parts("head")
    here = Bench(rows, stem, size=32).embed(model, rows)
    model.to("cuda")
    there = Bench(rows, stem, torch.device("cuda"), size=32).embed(model, rows)
    np.testing.assert_allclose(here, there, atol=2e-3)  # the bank keeps float16
