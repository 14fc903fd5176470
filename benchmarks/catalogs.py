"""How long a data set takes to become a catalogue, and its pictures to be cached.

    python benchmarks/catalogs.py [pictures]            a catalogue, of 240,000 pictures
    python benchmarks/catalogs.py cache [pictures]      a cache, of 20,000 pictures

The first writes the lists of a Consumer-to-Shop (and as many empty files, since a load looks
whether they are there) to a temporary folder, and loads it in a process of its own. Target: under
10 s, and under 1 GB in all, libraries included.

The second decodes photos of 256 x 192 pixels (200 files under many names) into squares of 64 pixels
and writes them to the cache, with one thread and with one a core, in turn.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

NAME = "deepfashion-c2s"
ATTRIBUTES = 303
PICTURES_AN_ITEM = 7  # four customers' photos, three shop pictures


def write_lists(folder: Path, pictures: int) -> None:
    """The annotations and empty pictures of a data set in the official layout."""
    rng = np.random.default_rng(0)
    boxes, pairs, items, labels, marks = [], [], [], [], []
    values = np.array(["1", "-1", "0"])
    for item in range(1, pictures // PICTURES_AN_ITEM + 1):
        place = f"img/DRESSES/Dress_{item % 20}/id_{item:08}"
        street = [f"{place}/comsumer_{n:02}.jpg" for n in range(1, 5)]
        shop = [f"{place}/shop_{n:02}.jpg" for n in range(1, 4)]
        part = ("train", "train", "train", "val", "test")[item % 5]
        pairs += [f"{a:70} {shop[i % 3]:70} id_{item:08} {part}" for i, a in enumerate(street)]
        pairs.append(f"{street[0]:70} {shop[1]:70} id_{item:08} {part}")
        boxes += [f"{p:70} 3 2 010 020 110 220" for p in street]
        boxes += [f"{p:70} 3 1 010 020 110 220" for p in shop]
        marks += [f"{p:70} 3 1 {'0 100 120 ' * 8}" for p in street + shop]
        items.append(f"id_{item:08}")
        labels.append(f"id_{item:08} {' '.join(values[rng.integers(0, 3, ATTRIBUTES)])}")
        (folder / "Img" / place).mkdir(parents=True)
        for picture in street + shop:
            (folder / "Img" / picture).touch()
    names = [f"名{n} name-{n} 1" for n in range(ATTRIBUTES)]
    lists = {
        "Eval/list_eval_partition": (
            "image_pair_name_1 image_pair_name_2 item_id evaluation_status",
            pairs,
        ),
        "Anno/list_bbox_consumer2shop": (
            "image_name clothes_type source_type x_1 y_1 x_2 y_2",
            boxes,
        ),
        "Anno/list_landmarks_consumer2shop": ("image_name clothes_type variation_type", marks),
        "Anno/list_attr_items": ("item_id labels", labels),
        "Anno/list_attr_cloth": ("chinese english type", names),
    }
    for name, (header, rows) in lists.items():
        (folder / name).parent.mkdir(exist_ok=True)
        text = "\n".join([str(len(rows)), header, *rows])
        (folder / f"{name}.txt").write_text(text + "\n", encoding="utf-8")
    (folder / "Anno/list_item_consumer2shop.txt").write_text("\n".join([str(len(items)), *items]))


def measure(root: str) -> None:
    """Load in this process, and print what it took as JSON."""
    from fashret_utils import datasets

    def gigabytes() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9

    warnings.simplefilter("error")  # a list that is not read as it was meant fails the benchmark
    before, clock, cpu = gigabytes(), time.perf_counter(), time.process_time()
    catalog = datasets.load(NAME, root, query="val+test")
    seconds, cpu, peak = time.perf_counter() - clock, time.process_time() - cpu, gigabytes()
    clock = time.process_time()
    datasets.deepfashion_c2s.landmarks(root)
    print(
        json.dumps(
            {
                "pictures": len(catalog),
                "items": catalog.n_items,
                "seconds": seconds,
                "processor_seconds": cpu,
                "imports_gb": before,
                "peak_gb": peak,
                "landmarks_seconds": time.process_time() - clock,
            }
        )
    )


def cache(root: str, workers: str) -> None:
    """Cache all pictures in this process, and print what it took as JSON."""
    from fashret_utils import datasets

    catalog = datasets.load("folder", f"{root}/pictures")
    clock, cpu = time.perf_counter(), time.process_time()
    catalog.pixels(64, workers=int(workers))
    seconds, cpu = time.perf_counter() - clock, time.process_time() - cpu
    print(json.dumps({"pictures": len(catalog), "seconds": seconds, "busy": cpu / seconds}))


def compare_caching(pictures: int) -> None:
    """Cache with one thread and with one a core, three times in turn, and print medians."""
    import jpegs  # it needs PyTorch, which a catalogue does not

    cores = len(os.sched_getaffinity(0))
    found: dict[int, list[dict]] = {1: [], cores: []}
    with tempfile.TemporaryDirectory() as root:
        jpegs.write(Path(root), pictures)
        for turn in range(3):
            for workers in found:
                environment = os.environ | {"FASHRET_CACHE": f"{root}/cache-{turn}-{workers}"}
                command = [sys.executable, __file__, "measure-cache", root, str(workers)]
                done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environment)
                found[workers].append(json.loads(done.stdout))
    for workers, runs in found.items():
        rate = statistics.median(run["pictures"] / run["seconds"] for run in runs)
        busy = statistics.median(run["busy"] for run in runs)
        print(
            f"{runs[0]['pictures']:,} pictures cached with {workers} threads: "
            f"{rate:,.0f} a second, {busy:.2f} of {cores} cores busy"
        )


def main() -> None:
    """Measure a catalogue three times, or the caching."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["measure"]:
        measure(arguments[1])
        return
    if arguments[:1] == ["measure-cache"]:
        cache(*arguments[1:])
        return
    if arguments[:1] == ["cache"]:
        compare_caching(int(arguments[1]) if len(arguments) > 1 else 20_000)
        return
    pictures = int(sys.argv[1]) if len(sys.argv) > 1 else 240_000
    with tempfile.TemporaryDirectory() as root:
        write_lists(Path(root) / NAME, pictures)
        for _ in range(3):
            command = [sys.executable, __file__, "measure", root]
            found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
            print(
                f"{found['pictures']:,} pictures of {found['items']:,} items: catalogued in "
                f"{found['seconds']:.1f} s ({found['processor_seconds']:.1f} s of processor time), "
                f"{found['peak_gb']:.2f} GB at most, of which Python and libraries take "
                f"{found['imports_gb']:.2f}; landmarks of all: "
                f"{found['landmarks_seconds']:.1f} s of processor time more"
            )


if __name__ == "__main__":
    main()
