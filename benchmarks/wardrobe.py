"""How visible the Wardrobe's attributes are, and how hard its domain gap is.

    python benchmarks/wardrobe.py [--kind garments] [--quick]

Prints three tables. Retrieval: hit@1 of raw pixels and of colour histograms, which need no
training, with 500 test items (target: street to shop < 20 %, shop to another shop view clearly
higher). Probes: accuracy of a linear classifier on three simple views of a shop picture - 32 px
pixels, colour histogram, spectrum of its middle - and of a small network with one head an
attribute, trained for about a minute, both on items they have not seen, against the share of the
most frequent value (target: one of the two 10 points above it).
"""

import argparse

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import RidgeClassifier
from sklearn.preprocessing import StandardScaler

from fashret_utils.data.augment import normalise
from fashret_utils.models.backbones import small
from fashret_utils.models.baselines import colour_histogram, raw_pixels
from fashret_utils.wardrobe import FACTORS, Wardrobe

SIZE = 64
CLEARLY = 10  # points above the most frequent value
PROBE_SIZE = 48


def hit_at_1(query: np.ndarray, gallery: np.ndarray, query_items, gallery_items) -> float:
    """Share of queries whose nearest gallery row (inner product) is of the same item."""
    nearest = (query @ gallery.T).argmax(axis=1)
    return float((gallery_items[nearest] == query_items).mean())


def draw(wardrobe: Wardrobe, domain: str, index: int, size: int = SIZE) -> np.ndarray:
    """One picture of each item: uint8 (items, 3, size, size)."""
    pictures = [wardrobe.picture(item, domain, index, size) for item in range(wardrobe.items)]
    return np.stack(pictures).transpose(0, 3, 1, 2)


def retrieval(kind: str, items: int) -> pd.DataFrame:
    """hit@1 in per cent of features that need no training."""
    labels = np.arange(items)
    wardrobe = Wardrobe(seed=3, items=items, kind=kind)
    views = wardrobe.shop_views
    gallery = draw(wardrobe, "shop", 0)
    queries = {"street": draw(wardrobe, "street", 0)}
    for index, view in enumerate(views[1:], start=1):
        queries[f"shop, {view}"] = draw(wardrobe, "shop", index)
    for name in FACTORS:
        single = Wardrobe(seed=3, items=items, kind=kind, gap=0.0, factors={name: 1.0})
        queries[f"street, only {name}"] = draw(single, "street", 0)
    extreme = Wardrobe(seed=3, items=items, kind=kind, gap=2.0)
    queries["street, gap 2"] = draw(extreme, "street", 0)
    rows = []
    for name, pictures in queries.items():
        row = {"query": name}
        for feature, embed in (("pixels", raw_pixels), ("histogram", colour_histogram)):
            row[feature] = 100 * hit_at_1(embed(pictures), embed(gallery), labels, labels)
        rows.append(row)
    return pd.DataFrame(rows).set_index("query").round(1)


def probes(kind: str, items: int) -> pd.DataFrame:
    """Accuracy in per cent of ridge classifiers on shop pictures, trained on three quarters."""
    view = Wardrobe(kind=kind).shop_views[0]
    wardrobe = Wardrobe(seed=4, items=items, kind=kind, shop_views=(view,))
    pictures = draw(wardrobe, "shop", 0, 128)
    small = torch.nn.functional.interpolate(torch.from_numpy(pictures).float(), 32, mode="area")
    features = {"pixels": small.flatten(1).numpy(), "spectrum": spectra(pictures)}
    features["histogram"] = colour_histogram(pictures)
    catalog = wardrobe.catalog().where(domain="shop")
    rows = []
    for column, name in enumerate(catalog.attribute_names):
        codes = catalog.attributes[:, column]
        known = np.flatnonzero(codes >= 0)
        cut = known[3 * len(known) // 4]
        train, test = known[known < cut], known[known >= cut]
        row = {"attribute": name, "most frequent": np.bincount(codes[test]).max() / len(test)}
        for feature, values in features.items():
            scaler = StandardScaler().fit(values[train])
            probe = RidgeClassifier(alpha=2000.0).fit(scaler.transform(values[train]), codes[train])
            row[feature] = (probe.predict(scaler.transform(values[test])) == codes[test]).mean()
        rows.append(row)
    return (100 * pd.DataFrame(rows).set_index("attribute")).round(1)


def spectra(pictures: np.ndarray, side: int = 32) -> np.ndarray:
    """Log magnitudes of the Fourier transform of the middle of each picture, its grey values."""
    low = (pictures.shape[2] - side) // 2
    middle = pictures[:, :, low : low + side, low : low + side].mean(axis=1)
    middle = (middle - middle.mean(axis=(1, 2), keepdims=True)) * np.hanning(side)[:, None]
    return np.log(1 + np.abs(np.fft.rfft2(middle * np.hanning(side)))).reshape(len(pictures), -1)


def network_probe(
    kind: str, items: int, steps: int, only: str | None = None, batch: int = 32
) -> pd.DataFrame:
    """Accuracy in per cent of a small network on the first shop view of the last quarter of items.

    It is trained on the first view of the other items, and reads all attributes at once, one head
    each, or `only` one of them.
    """
    view = Wardrobe(kind=kind).shop_views[0]
    wardrobe = Wardrobe(seed=6, items=items, kind=kind, shop_views=(view,))
    catalog = wardrobe.catalog().where(domain="shop")
    names = catalog.attribute_names if only is None else (only,)
    columns = [catalog.attribute_names.index(name) for name in names]
    codes = torch.from_numpy(catalog.attributes[:, columns].astype(np.int64))  # (items, attributes)
    pictures = torch.from_numpy(draw(wardrobe, "shop", 0, PROBE_SIZE))
    cut = 3 * items // 16 * 4  # whole families
    counts = [len(catalog.attribute_values[name]) for name in names]
    torch.manual_seed(0)
    model = torch.nn.Sequential(small(dim=128, width=16), torch.nn.Linear(128, sum(counts)))
    model = model.to(memory_format=torch.channels_last)  # a third faster
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.004, total_steps=steps)
    for _ in range(steps):
        chosen = torch.randint(cut, (batch,))
        down, right = torch.randint(9, (2,)).tolist()  # shifted by up to 4 pixels
        images = torch.nn.functional.pad(normalise(pictures[chosen]), (4, 4, 4, 4), "replicate")
        images = images[..., down : down + PROBE_SIZE, right : right + PROBE_SIZE]
        heads = model(images.contiguous(memory_format=torch.channels_last)).split(counts, dim=1)
        loss = torch.zeros(())
        for head, label in zip(heads, codes[chosen].T, strict=True):
            known = label >= 0
            if known.any():
                loss = loss + torch.nn.functional.cross_entropy(head[known], label[known])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    model.eval()
    with torch.no_grad():
        scores = torch.cat([model(normalise(part)) for part in pictures[cut:].split(256)])
    rows = []
    labels = codes[cut:].T
    for name, head, label in zip(names, scores.split(counts, dim=1), labels, strict=True):
        known = label >= 0
        share = label[known].bincount().max() / known.sum()
        right = (head.argmax(dim=1) == label)[known].float().mean()
        rows.append({"attribute": name, "most frequent": float(share), "network": float(right)})
    return (100 * pd.DataFrame(rows).set_index("attribute")).round(1)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kind", default="garments", choices=("garments", "shoes"))
    parser.add_argument("--quick", action="store_true", help="fewer items")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    share = 5 if arguments.quick else 1
    print(retrieval(arguments.kind, 500 // share).to_string(), "\n")
    linear = probes(arguments.kind, 4000 // share)
    print(linear.to_string(), "\n")
    size = (arguments.kind, 32_000 // share, 10_000 // share)
    joint = network_probe(*size)
    print(joint.to_string(), "\n")
    above = [
        t.drop(columns="most frequent").max(axis=1) - t["most frequent"] for t in (linear, joint)
    ]
    # What neither the linear probes nor the shared network reads gets a network of its own.
    for name in joint.index[np.maximum(*above) < CLEARLY]:
        print(network_probe(*size, only=name).to_string())


if __name__ == "__main__":
    main()
