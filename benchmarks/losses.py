"""Forward and backward of losses: the chapters' beside the nearest of pytorch-metric-learning.

    python benchmarks/losses.py

Embeddings have 128 dimensions and items two pictures each. "Nearest" is the library's loss that
compares the same things: a classifier over items with a margin for two margins on items, batch-hard
triplets for the chapters' triplets, contrastive pairs for losses over pairs, and, for the centre
loss, which the library lacks, its loss with one weight vector an item. A classifier is held against
the three matrix products that it cannot do without.
"""

import itertools
from functools import partial

import torch
import turns
from pytorch_metric_learning import distances, losses, miners
from torch.nn import functional as F

from fashret_utils import chapters
from fashret_utils.models.losses import CenterLoss
from fashret_utils.models.sampled_items import SampledItems
from fashret_utils.site.speed import Case, Other

DIM = 128
BATCHES, ITEMS = (64, 256, 1024), (1000, 10_000, 100_000)
SHARE = 0.1  # of the items, where not all take part
NAMES = ("01_dml", "02_mmfl_net", "03_poshaknet", "04_mtv_cnn", "05_gsn_rl")
dml, mmfl, poshaknet, mtv, gsn = map(chapters.definitions, NAMES)


def batch_of(batch: int, n_items: int) -> dict[str, torch.Tensor]:
    """Embeddings with gradients, items and domains: a street and a shop picture of each item."""
    generator = torch.Generator().manual_seed(0)
    embeddings = torch.randn((batch, DIM), generator=generator)
    items = torch.randperm(n_items, generator=generator)[: batch // 2].repeat_interleave(2)
    return {
        "embeddings": embeddings.requires_grad_(),
        "items": items,
        "domains": torch.arange(batch) % 2,
    }


def learn(loss, embeddings: torch.Tensor, criterion=None):
    """A function that computes a loss and its gradients anew."""

    def call():
        embeddings.grad = None
        if criterion is not None:
            criterion.zero_grad(set_to_none=True)
        loss().backward()

    return call


def products(weight: torch.Tensor, embeddings: torch.Tensor):
    """What any classifier over all items must do: logits, and both gradients."""
    scores = torch.randn(len(embeddings), len(weight))

    def call():
        F.linear(embeddings.detach(), weight)
        torch.mm(scores, weight)
        torch.mm(scores.T, embeddings.detach())

    return call


def classifiers(batch: int, n_items: int) -> dict:
    """Two margins on items, beside CosFace."""
    data = batch_of(batch, n_items)
    e, items = data["embeddings"], data["items"]
    ours = dml.TwoMarginSoftmax(n_items, DIM, 0.1, 0.1)
    peer = losses.CosFaceLoss(n_items, DIM, margin=0.2, scale=30)
    return {
        "ours": learn(lambda: ours(e, items), e, ours),
        "CosFaceLoss": learn(lambda: peer(e, items), e, peer),
        "limit": products(torch.randn(n_items, DIM), e),
    }


def sampled(batch: int, n_items: int) -> dict:
    """Two margins on a tenth of the items, beside CosFace on all."""
    data = batch_of(batch, n_items)
    e, items = data["embeddings"], data["items"]
    ours = SampledItems(dml.TwoMarginSoftmax(n_items, DIM, 0.1, 0.1), SHARE)
    peer = losses.CosFaceLoss(n_items, DIM, margin=0.2, scale=30)
    return {
        "ours": learn(lambda: ours(e, items), e, ours),
        "CosFaceLoss": learn(lambda: peer(e, items), e, peer),
        "limit": products(torch.randn(round(SHARE * n_items), DIM), e),
    }


def joint(batch: int, n_items: int) -> dict:
    """Softmax with centre loss, beside a softmax over unit vectors."""
    data = batch_of(batch, n_items)
    e, items = data["embeddings"], data["items"]
    ours = poshaknet.Joint(n_items, DIM)
    peer = losses.NormalizedSoftmaxLoss(n_items, DIM)
    return {
        "ours": learn(lambda: sum(ours(e, items).values()), e, ours),
        "NormalizedSoftmaxLoss": learn(lambda: peer(e, items), e, peer),
        "limit": products(torch.randn(n_items, DIM), e),
    }


def centres(batch: int, n_items: int) -> dict:
    """The centre loss, which moves its own centres, beside a loss with a vector an item."""
    data = batch_of(batch, n_items)
    e, items = data["embeddings"], data["items"]
    ours = CenterLoss(n_items, DIM)
    peer = losses.ProxyNCALoss(n_items, DIM)
    return {
        "ours": learn(lambda: ours(e, items), e),
        "ProxyNCALoss": learn(lambda: peer(e, items), e, peer),
    }


def pairs(batch: int, negatives: int | str = "all") -> dict:
    """Reading A of chapter 01: all pairs of street and shop, beside contrastive ones."""
    data = batch_of(batch, batch)
    e, items, domains = data.values()
    ours = dml.PairDiscriminativeMarginLoss(negatives=negatives, bias=True)
    peer = losses.ContrastiveLoss()
    return {
        "ours": learn(lambda: ours(e, items, domains), e, ours),
        "ContrastiveLoss": learn(lambda: peer(e, items), e),
    }


def hard_triplets(batch: int) -> dict:
    """The weighted, cross-domain triplets of chapter 02 beside batch-hard ones."""
    data = batch_of(batch, batch)
    e, items, domains = data.values()
    ours, miner = mmfl.ImprovedTriHardLoss(), miners.BatchHardMiner()
    peer = losses.TripletMarginLoss(margin=0.3)
    return {
        "ours": learn(lambda: ours(e, items, domains), e),
        "BatchHardMiner": learn(lambda: peer(e, items, miner(e, items)), e),
    }


def ratio_triplets(batch: int) -> dict:
    """Ratio loss on given triplets, beside the hinge on the same ones."""
    e = batch_of(batch, batch)["embeddings"]
    rows = torch.arange(batch)
    given = (rows, rows.roll(1), rows.roll(2))
    peer = losses.TripletMarginLoss(margin=0.3)
    return {
        "ours": learn(lambda: mtv.ratio_triplet_loss(*(e[part] for part in given)), e),
        "TripletMarginLoss": learn(lambda: peer(e, rows, given), e),
    }


def double_margins(batch: int) -> dict:
    """Two margins on a map of cosines, beside contrastive pairs with the same two margins."""
    data = batch_of(batch, batch)
    e, items, domains = data.values()
    street, shop = domains == 0, domains == 1
    match = items[street][:, None] == items[shop]
    peer = losses.ContrastiveLoss(0.8, 0.0, distance=distances.CosineSimilarity())

    def ours():
        maps = F.normalize(e[street]) @ F.normalize(e[shop]).T
        return gsn.double_margin_loss(maps, match)

    return {
        "ours": learn(ours, e),
        "ContrastiveLoss": learn(
            lambda: peer(e[street], items[street], None, e[shop], items[shop]), e
        ),
    }


def case(what: str, contenders: dict, rounds: int) -> Case:
    """Time a step of each; quick ones many times a round."""
    contenders["ours"]()
    repeats = max(1, round(0.05 / max(turns.in_turn({"ours": contenders["ours"]}, 1)["ours"])))

    def often(call):
        def repeated():
            for _ in range(repeats):
                call()

        return repeated

    seconds = turns.in_turn({name: often(call) for name, call in contenders.items()}, rounds)
    seconds = {name: [each / repeats for each in taken] for name, taken in seconds.items()}
    own, limit = seconds.pop("ours"), seconds.pop("limit", None)
    beside = [Other(f"{name} of the library", "peer", taken) for name, taken in seconds.items()]
    if limit is not None:
        beside.append(Other("its three matrix products", "limit", limit))
    return Case(what, own, others=beside)


BY_ITEMS = {
    "Two-margin softmax (01)": classifiers,
    "Two-margin softmax, a tenth of the items": sampled,
    "Softmax and centres (03)": joint,
    "Centre loss": centres,
}
BY_PICTURES = {
    "Pair margins (01)": pairs,
    "Pair margins, the ten hardest": partial(pairs, negatives=10),
    "Improved hard triplets (02)": hard_triplets,
    "Ratio triplets (04)": ratio_triplets,
    "Double margin (05)": double_margins,
}


def cases(options, _):
    """All losses at all sizes."""
    batches, counts = ((64,), (1000,)) if options.quick else (BATCHES, ITEMS)

    def named(what: str, kind, size: tuple[int, ...]):
        return what, lambda what: case(what, kind(*size), options.rounds)

    for title, kind in BY_ITEMS.items():
        for batch, count in itertools.product(batches, counts):
            if batch == 256 or count != 10_000:  # the corners and the middle say enough
                yield named(f"{title}, batch {batch:,}, {count:,} items", kind, (batch, count))
    for title, kind in BY_PICTURES.items():
        for batch in batches:
            yield named(f"{title}, batch {batch:,}", kind, (batch,))


if __name__ == "__main__":
    turns.main(__doc__, "losses", cases)
