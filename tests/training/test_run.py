import math
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from fashret_utils import retrieval
from fashret_utils.evidence import provenance, records
from fashret_utils.models import backbones
from fashret_utils.training import Run, TrainingDiverged
from fashret_utils.training.checkpoints import CheckpointMismatchError, CheckpointsError
from fashret_utils.training.history import History

HERE = Path(__file__).parent


@dataclass
class Batch:
    images: torch.Tensor
    items: torch.Tensor

    def __len__(self):
        return len(self.items)


class Noise:
    """Batches of noise: a function of the step, as `Batches` is."""

    def __init__(self, steps, size=16, rank=0, world=1, batch=8):
        self.steps, self.size, self.rank, self.world, self.batch = steps, size, rank, world, batch

    def __len__(self):
        return self.steps

    def at(self, step):
        generator = torch.Generator().manual_seed(step)
        images = torch.randn(
            (self.batch * self.world, 3, self.size, self.size), generator=generator
        )
        items = torch.arange(self.batch * self.world) % 4
        own = slice(self.rank * self.batch, (self.rank + 1) * self.batch)
        return Batch(images[own], items[own])


def make(folder, arm="demo", **options):
    options = {"data": "noise", "scale": "smoke", "seed": 0, "progress": False, **options}
    return Run("demo", arm=arm, device="cpu", results=folder / "results", **options)


def network(seed=0):
    model = nn.Sequential(backbones.small(8, 4, blocks=(1, 1), seed=seed), nn.Dropout(0.2))
    return model, nn.Linear(8, 4)


def train(run, steps=12, at_step=None):
    """Everything a resume must bring back: dropout, momentum, a schedule, a loss with weights."""
    model, head = network()
    parameters = [*model.parameters(), *head.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.05, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=12)
    model, head, optimizer, scheduler = run.prepare(model, head, optimizer, scheduler)
    for step, batch in enumerate(run.steps(Noise(steps))):
        noise = np.random.rand()  # noqa: NPY002, what a chapter's own code may draw
        logits = head(model(batch.images)) * (1 + 0.1 * noise)
        run.backward(nn.functional.cross_entropy(logits, batch.items), optimizer)
        if at_step:
            at_step(step)
    return {f"{i}.{k}": v for i, m in enumerate((model, head)) for k, v in m.state_dict().items()}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_the_loop_is_the_loop_written_by_hand(tmp_path):
    run = make(tmp_path, clip=0.5)
    model, head = network()
    model[1].p = 0.0
    optimizer = torch.optim.SGD([*model.parameters(), *head.parameters()], lr=0.1)
    model, head, optimizer = run.prepare(model, head, optimizer)
    for batch in run.steps(Noise(3)):
        run.backward(nn.functional.cross_entropy(head(model(batch.images)), batch.items), optimizer)

    bare, bare_head = network()
    bare[1].p = 0.0
    bare.to(memory_format=torch.channels_last)
    parameters = [*bare.parameters(), *bare_head.parameters()]
    bare_optimizer = torch.optim.SGD(parameters, lr=0.1)
    losses = []
    for step in range(3):
        batch = Noise(3).at(step)
        loss = nn.functional.cross_entropy(bare_head(bare(batch.images)), batch.items)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 0.5)
        bare_optimizer.step()
        bare_optimizer.zero_grad()
        losses.append(loss.item())
    assert same(model.state_dict(), bare.state_dict())
    assert run.history["loss"].tolist() == losses
    assert run.history["step"].tolist() == [1, 2, 3]
    assert (run.history["images_per_second"] > 0).all()


def test_the_seed_alone_decides_a_run(tmp_path):
    torch.manual_seed(5)
    first = train(make(tmp_path, arm="a"))
    torch.manual_seed(6)
    assert same(first, train(make(tmp_path, arm="b")))
    assert not same(first, train(make(tmp_path, arm="c", seed=1)))


def test_a_scheduler_steps_with_its_own_optimizer_only(tmp_path):
    run = make(tmp_path)
    networks = nn.Linear(2, 1), nn.Linear(2, 1)
    optimizers = [torch.optim.SGD(net.parameters(), lr=1.0) for net in networks]
    schedule = torch.optim.lr_scheduler.StepLR(optimizers[0], 1, gamma=0.5)
    first, second, *prepared, _ = run.prepare(*networks, *optimizers, schedule)
    for step, _ in enumerate(run.steps(Noise(4))):
        run.backward(first(torch.ones(1, 2)).square().mean(), prepared[0], name="one")
        if step % 2:
            run.backward(second(torch.ones(1, 2)).square().mean(), prepared[1], name="two")
    assert prepared[0].param_groups[0]["lr"] == 0.5**4
    assert prepared[1].param_groups[0]["lr"] == 1.0
    history = run.history
    assert list(history) == ["step", "one", "two", "images_per_second"]
    assert history["two"].isna().tolist() == [True, False, True, False]


KILLED = """
    import os, signal, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[1])
    from fashret_utils.evidence import provenance, records
    from test_run import make, train

    def die(step):
        if step == 8:
            os.kill(os.getpid(), signal.SIGKILL)

    folder = Path(sys.argv[2])
    provenance.code_hash = lambda chapter, data: "code"
    train(make(folder, checkpoints=folder / "checkpoints", every=5), at_step=die)
"""


def python(code, *arguments, processes=1):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE.parents[1])}
    program = textwrap.dedent(code)
    launch = [sys.executable, "-c", program]
    if processes > 1:
        script = Path(arguments[1]) / "program.py"
        script.write_text(program)
        launch = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        launch += ["--nproc-per-node", str(processes), str(script)]
    return subprocess.run(
        [*launch, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as in the other process: sums depend on how they are split
    yield
    torch.set_num_threads(threads)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_killed_run_goes_on_to_the_same_bits(tmp_path, one_thread, monkeypatch):
    # The package may be edited while its tests run; that is refused, as another test shows.
    monkeypatch.setattr(provenance, "code_hash", lambda chapter, data: "code")
    never_killed = train(make(tmp_path / "whole"))
    dead = python(KILLED, HERE, tmp_path)
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    files = sorted((tmp_path / "checkpoints").rglob("step-*.pt"))
    assert [file.name for file in files] == ["step-000000005.pt"]

    run = make(tmp_path, checkpoints=tmp_path / "checkpoints", every=5)
    steps = []
    resumed = train(run, at_step=steps.append)
    assert len(steps) == 12 - 5
    assert same(resumed, never_killed)
    assert run.history["step"].tolist() == list(range(1, 13))


def test_a_finished_run_has_nothing_left_to_do(tmp_path):
    first = train(make(tmp_path, checkpoints=tmp_path, every=5))
    names = [path.name for path in sorted(tmp_path.rglob("step-*.pt"))]
    assert names == ["step-000000010.pt", "step-000000012.pt"]
    again = make(tmp_path, checkpoints=tmp_path, every=5)
    steps = []
    assert same(train(again, at_step=steps.append), first)
    assert steps == []
    assert len(again.history) == 12


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty"])
def test_a_damaged_checkpoint_costs_steps_and_not_the_run(tmp_path, damage):
    whole = train(make(tmp_path, checkpoints=tmp_path, every=5))
    newest = max(tmp_path.rglob("step-*.pt"))
    content = bytearray(newest.read_bytes())
    if damage == "flipped":
        # inside the numbers of the first weights, where only a checksum can tell
        content[content.index(b"data/0") + 200] ^= 1
    newest.write_bytes(
        {"truncated": content[: len(content) // 2], "empty": b""}.get(damage, content)
    )
    steps = []
    with pytest.warns(UserWarning, match=r"step-000000012\.pt is damaged.*passed over"):
        resumed = train(make(tmp_path, checkpoints=tmp_path, every=5), at_step=steps.append)
    assert len(steps) == 2
    assert same(resumed, whole)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"settings": {"margin": 0.3}}, r"settings: .*0\.2.* there, .*0\.3.* here"),
        ({"catalog_hash": "other"}, r"catalog: None there, 'other' here"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, change, message):
    options = {"checkpoints": tmp_path, "settings": {"margin": 0.2}}
    train(make(tmp_path, **options))
    with pytest.raises(CheckpointMismatchError, match=rf"{message}.*delete the folder"):
        train(make(tmp_path, **(options | change)))


def test_a_checkpoint_of_other_code_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "code_hash", lambda chapter, data: "old")
    train(make(tmp_path, checkpoints=tmp_path))
    monkeypatch.setattr(provenance, "code_hash", lambda chapter, data: "new")
    with pytest.raises(
        CheckpointMismatchError, match=r"made by other code.*code: 'old' there, 'new'"
    ):
        train(make(tmp_path, checkpoints=tmp_path))


@pytest.mark.parametrize("change", ["width", "optimizer", "more"])
def test_a_checkpoint_of_other_networks_is_refused_by_name(tmp_path, change):
    def go_on(run, dim=8, momentum=0.9, extra=0):
        net = nn.Linear(2, dim)
        nets = [net, *(nn.Linear(2, 1) for _ in range(extra))]
        kinds = {"sgd": torch.optim.SGD, "groups": lambda p, **o: torch.optim.SGD(split(p), **o)}
        optimizer = kinds["groups" if momentum is None else "sgd"](net.parameters(), lr=0.1)
        net, *_, optimizer = run.prepare(*nets, optimizer)
        for _ in run.steps(Noise(2)):
            run.backward(net(torch.ones(1, 2)).square().mean(), optimizer)

    def split(parameters):
        return [{"params": [p]} for p in parameters]

    go_on(make(tmp_path, checkpoints=tmp_path))
    other, message = {
        "width": ({"dim": 16}, r"does not fit the Linear of this run \(.*size mismatch"),
        "optimizer": ({"momentum": None}, r"does not fit the SGD of this run \(.*groups"),
        "more": ({"extra": 1}, r"is of 1 modules, .* but this run has prepared 2 modules"),
    }[change]
    with pytest.raises(
        CheckpointMismatchError, match=rf"step-\d+\.pt {message}.*delete the folder"
    ):
        go_on(make(tmp_path, checkpoints=tmp_path), **other)


def test_a_checkpoint_that_could_not_be_read_again_fails_at_the_first_one(tmp_path):
    class Odd(nn.Linear):
        def get_extra_state(self):
            return Path("a path")

        def set_extra_state(self, state):
            pass

    run = make(tmp_path, checkpoints=tmp_path, every=1)
    net = Odd(2, 1)
    net, optimizer = run.prepare(net, torch.optim.SGD(net.parameters(), lr=0.1))

    def learn():
        for _ in run.steps(Noise(3)):
            run.backward(net(torch.ones(1, 2)).square().mean(), optimizer)

    with pytest.raises(CheckpointsError, match=r"could not be read again .*states of tensors"):
        learn()
    assert not list(tmp_path.rglob("step-*"))


def test_a_file_that_is_no_checkpoint_is_passed_over(tmp_path):
    run = make(tmp_path, checkpoints=tmp_path)
    whole = train(run)
    folder = max(tmp_path.rglob("step-*.pt")).parent
    torch.save({"model": torch.ones(1)}, folder / "step-900000000.pt")
    with pytest.warns(UserWarning, match="is no checkpoint of a run"):
        assert same(train(make(tmp_path, checkpoints=tmp_path)), whole)


@pytest.mark.parametrize("value", [Path("vgg.pth"), torch.tensor(0.3), torch.bfloat16, {1, 2}])
def test_settings_that_no_record_can_hold_are_refused_when_the_run_is_made(tmp_path, value):
    with pytest.raises(ValueError, match=r"settings\['loss'\]\[1\] is a .* no record can hold"):
        make(tmp_path, settings={"loss": ["pair", value]})
    assert not (tmp_path / "results").exists()


def test_a_record_of_text_items_can_be_evaluated_again(tmp_path):
    x, items = np.eye(4, dtype=np.float32), np.array(["boot 7", "clog", "mule", "pump"])
    found = retrieval.evaluate(x, x, items, items, k=1, bootstrap=0)
    kept = records.read(make(tmp_path).record(found, x, x))
    arrays = records.embeddings(kept, tmp_path / "results")
    again = retrieval.evaluate(**arrays, k=1, bootstrap=0)
    assert again.metrics == kept.metrics
    assert again.query_items.tolist() == items.tolist()


def test_narrow_strided_convolutions_get_their_pictures_in_the_safe_layout(tmp_path):
    layouts = []

    class Seen(nn.Conv2d):
        def forward(self, x):
            layouts.append(x.is_contiguous(memory_format=torch.channels_last))
            return super().forward(x)

    net = nn.Sequential(Seen(4, 8, 1, stride=2), Seen(8, 8, 1, stride=2), Seen(8, 8, 3, stride=2))
    net = make(tmp_path).prepare(net)
    net(torch.rand(2, 4, 16, 16).to(memory_format=torch.channels_last))
    assert layouts == [False, True, True]


def test_a_checkpoint_holds_nothing_but_data(tmp_path):
    train(make(tmp_path, checkpoints=tmp_path))
    contents = torch.load(max(tmp_path.rglob("step-*.pt")), weights_only=True)
    assert contents["fingerprint"]["arm"] == "demo"
    assert contents["fingerprint"]["steps"] == 12


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_no_number_stops_the_run_before_the_step(tmp_path, value):
    run = make(tmp_path, arm="wild", checkpoints=tmp_path, every=2)
    model, optimizer = run.prepare(
        net := nn.Linear(2, 1), torch.optim.SGD(net.parameters(), lr=0.1)
    )
    seen = []

    def loop():
        for step, _ in enumerate(run.steps(Noise(6))):
            seen.append(model.weight.detach().clone())
            factor = value if step == 3 else 1.0
            run.backward(model(torch.ones(1, 2)).square().mean() * factor, optimizer)

    with pytest.raises(
        TrainingDiverged,
        match=r"loss is (nan|inf) in step 3 .*arm 'wild'.*checkpoint: .*step-000000002\.pt",
    ):
        loop()
    assert torch.equal(model.weight, seen[-1])


def test_weights_that_are_no_numbers_never_reach_a_checkpoint(tmp_path):
    run = make(tmp_path, checkpoints=tmp_path, every=2)
    model, optimizer = run.prepare(
        net := nn.Linear(2, 1), torch.optim.SGD(net.parameters(), lr=0.1)
    )

    def loop():
        for step, _ in enumerate(run.steps(Noise(6))):
            run.backward(model(torch.ones(1, 2)).square().mean(), optimizer)
            if step == 3:  # a finite loss whose gradient is not, such as sqrt at 0
                with torch.no_grad():
                    model.weight[0, 0] = math.inf

    with pytest.raises(TrainingDiverged, match="a weight or optimizer state is NaN or infinite"):
        loop()
    assert [path.name for path in tmp_path.rglob("step-*.pt")] == ["step-000000002.pt"]


def test_without_checkpoints_the_message_says_how_to_keep_them(tmp_path):
    run = make(tmp_path)
    model, optimizer = run.prepare(net := nn.Linear(2, 1), torch.optim.SGD(net.parameters()))
    steps = run.steps(Noise(1))
    next(steps)
    with pytest.raises(TrainingDiverged, match=r"none .pass checkpoints=<folder>"):
        run.backward(model(torch.full((1, 2), math.nan)).mean(), optimizer)


@pytest.mark.parametrize("argument", ["results", "checkpoints"])
def test_an_unwritable_folder_is_refused_before_the_training(tmp_path, argument):
    (tmp_path / "file").write_text("")
    options = {"results": tmp_path / "results", argument: tmp_path / "file" / "folder"}
    with pytest.raises(records.ResultsError, match=f"{argument} folder .*pass {argument}="):
        Run("demo", data="noise", arm="a", scale="smoke", seed=0, device="cpu", **options)


def test_misuse_is_explained(tmp_path):
    with pytest.raises(ValueError, match="unknown scale 'huge'"):
        make(tmp_path, scale="huge")
    run = make(tmp_path)
    net = nn.Linear(2, 1)
    raw = torch.optim.SGD(net.parameters())
    with pytest.raises(TypeError, match="cannot prepare a Noise"):
        run.prepare(Noise(1))
    with pytest.raises(RuntimeError, match="inside a loop"):
        run.log(accuracy=0.5)
    with pytest.raises(ValueError, match="this optimizer was not prepared"):
        run.backward(net(torch.ones(1, 2)).mean(), raw)
    optimizer = run.prepare(raw)
    steps = run.steps(Noise(1))
    next(steps)
    run.backward(net(torch.ones(1, 2)).mean(), optimizer)
    with pytest.raises(ValueError, match="'loss' was logged twice"):
        run.backward(net(torch.ones(1, 2)).mean(), optimizer)
    with pytest.raises(RuntimeError, match="a Run has one loop"):
        next(run.steps(Noise(1)))
    with pytest.raises(RuntimeError, match=r"step 0 ended without run\.backward"):
        list(make(tmp_path).steps(Noise(2)))


def found():
    from fashret_utils.retrieval import evaluate  # the other processes do not wait for it

    return evaluate(np.eye(3, 4)[:2], np.eye(3, 4), np.arange(2), np.arange(3), k=1, bootstrap=10)


def test_the_record_says_what_the_run_did(tmp_path):
    run = make(tmp_path, settings={"margin": 0.2}, catalog_hash="abc")
    train(run)
    path = run.record(found(), query=np.ones((2, 4)), gallery=np.ones((3, 4)), note="a first run")
    assert path == tmp_path / "results" / "demo" / "noise" / "demo" / "smoke-seed0.json"
    made = records.read(path)
    assert made.extra == {"margin": 0.2, "note": "a first run"}
    assert made.metrics["hit@1"] == 1.0
    assert records.per_query(made, tmp_path / "results").metric("map").tolist() == [1, 1]
    assert made.embeddings | {"crc32": 0} == {"query": [2, 4], "gallery": [3, 4], "crc32": 0}
    assert made.catalog_hash == "abc"
    assert made.code_hash == provenance.code_hash("demo", "noise")
    assert made.curve["step"] == list(range(1, 13))
    assert made.curve["loss"] == pytest.approx(run.history["loss"].tolist(), rel=1e-5)
    expected = sum(backbones.parameters(part) for part in network())
    assert made.cost["parameters"] == expected
    assert made.cost["steps"] == 12
    assert 0 < made.cost["device_seconds"] <= made.cost["wall_seconds"] + 0.01
    assert made.cost["images_per_second"] > 0
    assert made.cost["peak_memory_gib"] > 0.05
    elsewhere = records.read(run.record(found(), data="photos"))
    assert (made.trained_on, elsewhere.data, elsewhere.trained_on) == (None, "photos", "noise")
    tested = provenance.code_hash("demo", "photos")
    assert elsewhere.code_hash == provenance.of_transfer(made.code_hash, tested)


def test_the_curve_is_thinned_to_means_of_equal_stretches():
    history = History()
    for step in range(1000):
        history.add({"loss": float(step)}, images=8)
        history.seconds = 0.5 * (step + 1)
    assert history.look({"loss"}) is None
    curve = history.curve()
    assert len(curve["step"]) == 200
    assert curve["step"][:2] == [5, 10]
    assert curve["loss"][:2] == [2, 7]
    assert curve["images_per_second"][50] == 16


def test_the_history_finds_the_first_bad_loss_among_tensors_that_wait():
    history = History()
    for value in (1.0, math.nan, math.inf):
        history.add({"accuracy": math.nan, "loss": torch.tensor(value)}, images=8)
    step, name, value = history.look({"loss"})
    assert (step, name) == (2, "loss")
    assert math.isnan(value)


def test_progress_in_a_log_is_some_lines_and_not_thousands(tmp_path, capsys):
    train(make(tmp_path, progress=True))
    shown = capsys.readouterr().err
    assert "12/12" in shown
    assert "images/s=" in shown
    assert shown.count("\r") <= 3


DISTRIBUTED = """
    import sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[1])
    import torch
    from test_run import distributed_training

    folder = Path(sys.argv[2])
    weights, rank = distributed_training(folder)
    torch.save(weights, folder / f"rank{rank}.pt")
"""


def distributed_training(folder):
    """Two arms: a mean loss, and a loss over pairs of all processes."""
    weights = {}
    for arm in ("mean", "pairs"):
        run = make(folder, arm=arm, checkpoints=folder / "checkpoints")
        net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 8), nn.Tanh(), nn.Linear(8, 4))
        model, optimizer = run.prepare(net, torch.optim.SGD(net.parameters(), lr=0.5))
        batch_size = 8 // run.world
        batches = Noise(5, size=8, rank=run.rank, world=run.world, batch=batch_size)
        for batch in run.steps(batches):
            embeddings = model(batch.images)
            if arm == "mean":
                loss = nn.functional.cross_entropy(embeddings, batch.items)
            else:
                embeddings, items = run.gather(embeddings), run.gather(batch.items)
                similar = (items[:, None] == items).float()
                loss = (embeddings @ embeddings.T - similar).square().mean()
            run.backward(loss, optimizer)
        weights |= {f"{arm}.{name}": value for name, value in net.state_dict().items()}
    return weights, run.rank


def test_two_processes_learn_what_one_does(tmp_path, one_thread):
    alone, _ = distributed_training(tmp_path / "alone")
    done = python(DISTRIBUTED, HERE, tmp_path, processes=2)
    assert done.returncode == 0, done.stderr
    first, second = (torch.load(tmp_path / f"rank{rank}.pt") for rank in (0, 1))
    assert same(first, second)
    for name, value in alone.items():
        torch.testing.assert_close(first[name], value, atol=1e-5, rtol=0)
    assert len(list((tmp_path / "checkpoints").rglob("step-*.pt"))) == 2
