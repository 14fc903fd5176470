"""The command line: `python -m fashret_utils COMMAND`, such as run, campaign, claims or site."""

import argparse
import os
import sys
from pathlib import Path

from fashret_utils import chapters
from fashret_utils.chapters import parameters

WEIGHTS = (".bin", ".ckpt", ".pt", ".pth", ".safetensors")  # files of trained weights


def main(argv: list[str] | None = None) -> int:
    """Parse `argv` and run one command; errors of use are one line on stderr and exit code 2."""
    arguments = _parser().parse_args(argv)
    try:
        return arguments.command(arguments)
    except chapters.ChapterError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except (ValueError, OSError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not type(error).__module__.startswith(__package__):
            raise  # a fault of ours or of a library's: its traceback is wanted
        print(f"error: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fashret_utils", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    run = commands.add_parser("run", help="execute a chapter through papermill")
    run.add_argument(
        "chapter", nargs="?", help="such as 00_street_to_shop; all of them if left out"
    )
    scales = "smoke, quick, full, gpu or paper"
    run.add_argument("--scale", default="quick", help=f"{scales} (default: quick)")
    run.add_argument("--seed", type=int, nargs="+", default=[0], help="one or more (default: 0)")
    run.add_argument("--experiments", choices=("main", "all"), default="main")
    run.add_argument("--device", default="auto", help="auto, cpu or cuda")
    run.add_argument("--data-root", default="", help="folder of the real data sets")
    run.add_argument(
        "--out",
        type=Path,
        default=Path("_build/chapters"),
        help="folder for the executed notebooks (default: _build/chapters)",
    )
    run.add_argument(
        "--results", type=Path, help="folder for the run records (default: OUT/results)"
    )
    run.add_argument(
        "--prepare-only", action="store_true", help="write the parametrised copy, run nothing"
    )
    run.add_argument(
        "--dry-run",
        action="store_true",
        help="one step of every arm on a few items of --data; records to OUT/dry-run",
    )
    run.add_argument("--data", help="data set of a dry run, such as deepfashion-c2s")
    run.add_argument(
        "-p",
        "--parameter",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="a parameter that a chapter has of its own, such as: weights imagenet",
    )
    run.set_defaults(command=_run)

    campaign = commands.add_parser(
        "campaign", help="do all runs that are missing or stale; goes on where it was stopped"
    )
    campaign.add_argument("chapter", nargs="*", help="all that have a plan of runs if left out")
    campaign.add_argument("--scale", default="full", help=f"{scales} (default: full)")
    campaign.add_argument("--hours", type=float, help="begin no run that would end after them")
    campaign.add_argument("--workers", type=int, help="processes (default: one a core)")
    campaign.add_argument("--device", default="cpu", help="auto, cpu or cuda")
    campaign.add_argument("--data-root", default="", help="folder of the real data sets")
    campaign.add_argument("--results", type=Path, default=Path("results"))
    campaign.add_argument(
        "--scratch",
        type=Path,
        default=Path("_build/campaign"),
        help="folder for checkpoints of runs under way (default: _build/campaign)",
    )
    campaign.set_defaults(command=_campaign)

    export = commands.add_parser("export", help="write a chapter as a script, for torchrun")
    export.add_argument("chapter", help="such as 00_street_to_shop")
    export.add_argument("--out", type=Path, required=True, help="the script, such as my_run.py")
    export.set_defaults(command=_export)

    data = commands.add_parser("data", help="list, verify, fetch or offer the data sets")
    data.add_argument("action", choices=("list", "verify", "fetch", "offer"))
    data.add_argument("name", nargs="?", help="data set to verify or fetch")
    data.add_argument("--data-root", help="folder of the real data sets (default: FASHRET_DATA)")
    data.add_argument("--yes", action="store_true", help="fetch what is offered unasked")
    data.set_defaults(command=_data)

    records = commands.add_parser("records", help="list run records, or count the stale ones")
    records.add_argument("action", choices=("list", "stale"))
    records.add_argument("--results", type=Path, default=Path("results"))
    records.set_defaults(command=_records)

    claims = commands.add_parser("claims", help="compute the verdicts from run records")
    claims.add_argument("paper", nargs="?", help="such as dml; all of them if left out")
    claims.add_argument("--results", type=Path, default=Path("results"))
    claims.set_defaults(command=_claims)

    search = commands.add_parser("search", help="search a folder of pictures with a photo")
    search.add_argument("folder", type=Path, help="of product pictures")
    search.add_argument("photo", type=Path)
    search.add_argument("--grid", type=Path, help="file for a picture of what is found: .png, .pdf")
    search.add_argument("-k", type=int, default=8, help="ranks (default: 8)")
    search.add_argument("--model", default="", help="part of its name (default: the best hit@1)")
    search.set_defaults(command=_search)

    prose = commands.add_parser("prose", help="hold the book's sentences to the run records")
    prose.add_argument(
        "--write", action="store_true", help="write numbers as the records have them"
    )
    prose.set_defaults(command=_prose)

    site = commands.add_parser("site", help="stage the book's source from the executed chapters")
    site.add_argument("--chapters", type=Path, default=Path("_build/chapters"))
    site.add_argument("--out", type=Path, default=Path("_build/src"))
    site.add_argument("--data-root", help="the one that `run` was given (default: FASHRET_DATA)")
    site.set_defaults(command=_site)
    return parser


def _run(arguments: argparse.Namespace) -> int:
    from fashret_utils.scale import scale

    scale(arguments.scale)  # an unknown scale is refused before a kernel starts
    if bool(arguments.data) != arguments.dry_run:
        raise ValueError("--dry-run and --data NAME go together: a chapter names its own data sets")
    wanted = [arguments.chapter] if arguments.chapter else chapters.names()
    if arguments.dry_run:
        return _dry_run(arguments, wanted)
    # Relative to the notebooks, where the kernel runs: pages show no paths of the machine.
    home = chapters.book_root() / "notebooks"
    results = _from(home, arguments.results or arguments.out / "results")
    data_root = arguments.data_root and _from(home, arguments.data_root)
    for name in wanted:
        own = _own(name, arguments.parameter)
        own = {k: _from(home, v) if _is_path(k, v) else v for k, v in own.items()}
        for seed in arguments.seed:
            parameters = {
                "scale": arguments.scale,
                "seed": seed,
                "experiments": arguments.experiments,
                "data_root": data_root,
                "device": arguments.device,
                "results": results,
                **own,
            }
            if arguments.prepare_only:
                print(chapters.prepare(name, arguments.out, parameters))
                continue
            print(f"{name}: scale {arguments.scale}, seed {seed}", flush=True)
            done = chapters.execute(name, arguments.out, parameters)
            print(f"{name}: {done.seconds:.0f} s, wrote {done.notebook}", flush=True)
    return 0


def _own(name: str, typed: list[tuple[str, str]]) -> dict[str, object]:
    """The parameters of a chapter that were typed, of the types of its defaults."""
    known = chapters.defaults(name) if typed else {}
    return {key: parameters.parse(key, text, known.get(key, "")) for key, text in typed}


def _is_path(name: str, value: object) -> bool:
    """Whether a parameter names a place on disk; `weights` may also be weights a library knows."""
    if not isinstance(value, str) or not value:
        return False
    if name == "weights":
        path = Path(value)
        return path.suffix in WEIGHTS or len(path.parts) > 1 or path.is_file()
    return name in ("data_root", "results")


def _from(home: Path, path: str | Path) -> str:
    """A path of the user's as the kernel has to say it, whose working folder is `home`."""
    try:
        return os.path.relpath(os.path.expanduser(path), home)
    except ValueError:  # on another drive of Windows
        return os.path.abspath(os.path.expanduser(path))


def _dry_run(arguments: argparse.Namespace, wanted: list[str]) -> int:
    from fashret_utils.training.plan.dry_run import dry_run

    place = {"data_root": arguments.data_root or None, "device": arguments.device}
    place["results"] = arguments.results or arguments.out / "dry-run"
    for name in wanted:
        place["parameters"] = _own(name, arguments.parameter)
        about = {"scale": arguments.scale, "seed": arguments.seed[0], **place}
        table = dry_run(name, arguments.data, **about)
        print(f"{name}, {arguments.data}, scale {arguments.scale}: one step of each arm")
        print(table.round(3).to_string(index=False), flush=True)
    return 0


def _campaign(arguments: argparse.Namespace) -> int:
    from fashret_utils.training.plan.campaign import campaign

    outcome = campaign(
        arguments.chapter or chapters.names(),
        arguments.scale,
        results=arguments.results.absolute(),
        scratch=arguments.scratch.absolute(),
        hours=arguments.hours,
        workers=arguments.workers,
        device=arguments.device,
        data_root=arguments.data_root and str(Path(arguments.data_root).absolute()),
    )
    print(f"{len(outcome.done)} done, {len(outcome.failed)} failed, {len(outcome.left)} left")
    return 1 if outcome.failed else 0


def _export(arguments: argparse.Namespace) -> int:
    from fashret_utils.chapters.export import export

    print(export(arguments.chapter, arguments.out))
    return 0


def _data(arguments: argparse.Namespace) -> int:
    from fashret_utils import datasets

    if arguments.action == "list":
        print(datasets.available(arguments.data_root).to_string(index=False))
        return 0
    if arguments.action == "offer":
        from fashret_utils.datasets.offer import at_terminal

        return 1 if at_terminal(arguments.data_root, arguments.yes) else 0
    if not arguments.name:
        said = f"data {arguments.action} needs the name of a data set; `data list` shows them"
        raise ValueError(said)
    if arguments.action == "fetch":
        from fashret_utils.datasets.reading.fetch import fetch

        print(fetch(arguments.name, arguments.data_root))
        return 0
    print(report := datasets.verify(arguments.name, arguments.data_root))
    return 0 if report.complete else 1


def _records(arguments: argparse.Namespace) -> int:
    from fashret_utils.evidence import staleness

    describe = {"list": staleness.listing, "stale": staleness.stale_by_chapter}
    print(describe[arguments.action](arguments.results))
    return 0


def _claims(arguments: argparse.Namespace) -> int:
    from fashret_utils.evidence import claims

    print(claims.listing(claims.verdicts(arguments.paper, arguments.results)))
    return 0


def _search(arguments: argparse.Namespace) -> int:
    from fashret_utils import own_photo

    archive, found = own_photo.ask(arguments.folder, arguments.photo, arguments.k, arguments.model)
    print(f"{archive.name}, in {len(found.gallery.captions)} pictures")
    for rank, (name, value) in enumerate(zip(found.captions, found.similarities, strict=True), 1):
        print(f"{rank:3}  {value:.3f}  {name}")
    if arguments.grid:
        found.figure().savefig(arguments.grid, dpi=150)
    return 0


def _prose(arguments: argparse.Namespace) -> int:
    from fashret_utils.site.claims import prose

    root = chapters.book_root()
    known = prose.evidence(root)
    if arguments.write:
        for path in prose.refresh(root, known):
            print(path.relative_to(root))
    prose.check(root, known)
    return 0


def _site(arguments: argparse.Namespace) -> int:
    from fashret_utils import site

    print(site.stage(arguments.chapters, arguments.out, data_root=arguments.data_root))
    return 0


if __name__ == "__main__":
    sys.exit(main())
