"""Two processes, started by torchrun on the CPU, against one: losses, batches, search."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from pytorch_metric_learning import losses
from torch import nn

from fashret_utils import retrieval
from fashret_utils.data.batches import Batches
from fashret_utils.data.catalog import Catalog
from fashret_utils.models import backbones
from fashret_utils.retrieval import sharded
from fashret_utils.training import Run

HERE = Path(__file__).parent
BATCH = 12  # in all processes together
ITEMS = torch.tensor([0, 0, 0, 1, 1, 1, 2, 2, 0, 1, 2, 3])  # pairs within and across processes
LOSSES = {
    "triplet": lambda: losses.TripletMarginLoss(margin=0.5),
    "contrastive": lambda: losses.ContrastiveLoss(),
    "infonce": lambda: losses.NTXentLoss(temperature=0.1),
    "softmax": lambda: losses.NormalizedSoftmaxLoss(4, 8, temperature=0.1),
    "cosface": lambda: losses.CosFaceLoss(4, 8, margin=0.3, scale=8),
}


def gradients(folder):
    """Loss and gradients of each loss for one step, as all processes together make them."""
    images = torch.randn((BATCH, 3, 16, 16), generator=torch.Generator().manual_seed(0))
    found = {}
    for name, make in LOSSES.items():
        run = Run(
            "demo",
            data="noise",
            arm=name,
            scale="smoke",
            seed=0,
            device="cpu",
            results=folder,
            progress=False,
        )
        net, criterion = backbones.small(8, 4, blocks=(1, 1), seed=0), make()
        for part in net.modules():  # statistics of a batch are of the process's own share
            if isinstance(part, nn.BatchNorm2d):
                part.eval()
        optimizer = torch.optim.SGD([*net.parameters(), *criterion.parameters()], lr=1.0)
        model, optimizer = run.prepare(net, optimizer)
        goal = run.prepare(criterion)  # also one without weights
        own = slice(run.rank * BATCH // run.world, (run.rank + 1) * BATCH // run.world)
        embeddings, items = run.gather(model(images[own])), run.gather(ITEMS[own])
        loss = goal(embeddings, items)
        run.accelerator.backward(loss)
        parts = [("net", net), ("loss", criterion)]
        found[name] = {
            f"{p}.{k}": v.grad.clone() for p, m in parts for k, v in m.named_parameters()
        }
        found[name]["value"] = loss.detach()
    return found, run


def shop(**place):
    """Batches of twelve items with exactly one street and one shop picture each."""
    n = 24
    catalog = Catalog(
        name="pairs",
        item=np.arange(n) // 2,
        domain=np.arange(n) % 2,
        split=["train"] * n,
        category=["shirt"] * n,
        source=[str(i) for i in range(n)],
        reader=colours,
        licence="none",
    )
    return Batches(catalog, 4, steps=5, augment=None, seed=3, **place)


def colours(catalog, rows, size):
    values = np.array([int(catalog.source[row]) for row in rows], dtype=np.uint8)
    return np.broadcast_to(values[:, None, None, None], (len(rows), 3, size, size)).copy()


def ranking():
    """Query, gallery and k for search: copies within and across the halves of the gallery."""
    generator = np.random.default_rng(5)
    query, gallery = generator.normal(size=(40, 16)), generator.normal(size=(203, 16))
    gallery[150:170] = gallery[3]
    gallery[7] = gallery[3]
    query[:5] = gallery[3]
    return query.astype(np.float32), gallery.astype(np.float32), 10


PROGRAM = """
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
import torch
from test_sharded import gradients, ranking, sharded, shop

folder = Path(sys.argv[2])
found, run = gradients(folder)
batches = shop(items=3, rank=run.rank, world=run.world)
query, gallery, k = ranking()
own = sharded.own_rows(len(gallery))
few = sharded.own_rows(1)
search = [sharded.sharded_search(query, gallery[own], k)]
search += [sharded.sharded_search(query, gallery[:1][few], 1)]  # one shard is empty
contents = {
    "gradients": found,
    "rows": [batch.rows for batch in batches],
    "images": [batch.images for batch in batches],
    "search": [[torch.from_numpy(part) for part in parts] for parts in search],
    "own": (own.start, own.stop),
}
torch.save(contents, folder / f"rank{run.rank}.pt")
"""


@pytest.fixture(scope="module")
def ranks(tmp_path_factory):
    """What each of two processes found."""
    folder = tmp_path_factory.mktemp("two")
    script = folder / "program.py"
    script.write_text(PROGRAM)
    place = {
        "PYTHONPATH": str(HERE.parents[1]),
        "FASHRET_CACHE": str(folder),
        "OMP_NUM_THREADS": "1",
    }
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*launch, str(script), str(HERE), str(folder)],
        env=os.environ | place,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [torch.load(folder / f"rank{rank}.pt") for rank in (0, 1)]


def test_two_processes_have_the_loss_and_gradients_of_one(ranks, tmp_path):
    alone = gradients(tmp_path)[0]
    for name in LOSSES:
        assert alone[name]["value"] > 0.01
        assert max(part.abs().max() for part in alone[name].values()) > 1e-3
        for rank in ranks:
            torch.testing.assert_close(rank["gradients"][name], alone[name], atol=1e-5, rtol=0)
    assert "loss.W" in alone["softmax"]


def test_batches_of_two_processes_are_the_batch_of_one(ranks, monkeypatch, tmp_path):
    monkeypatch.setenv("FASHRET_CACHE", str(tmp_path))
    whole = list(shop(items=6))
    for step, batch in enumerate(whole):
        for key in ("rows", "images"):
            joined = torch.cat([rank[key][step] for rank in ranks])
            assert torch.equal(joined, getattr(batch, key))


def test_search_in_shards_is_search_in_the_whole(ranks):
    query, gallery, k = ranking()
    similarities, indices = retrieval.search(query, gallery, k)
    assert [rank["own"] for rank in ranks] == [(0, 101), (101, 203)]
    for rank in ranks:
        np.testing.assert_array_equal(rank["search"][0][1].numpy(), indices)
        np.testing.assert_allclose(rank["search"][0][0].numpy(), similarities, atol=1e-6)
        assert rank["search"][1][1].unique().tolist() == [0]
    assert indices[0].tolist() == [3, 7, *range(150, 158)]  # copies in both shards, by index


def test_search_in_one_process_is_the_same_search():
    query, gallery, k = ranking()
    expected = retrieval.search(query, gallery, k)[1]
    np.testing.assert_array_equal(sharded.sharded_search(query, gallery, k)[1], expected)


def test_more_neighbours_than_rows_are_refused():
    with pytest.raises(ValueError, match=r"k = 4 neighbours of 3 gallery rows"):
        sharded.sharded_search(np.eye(3), np.eye(3), 4)
