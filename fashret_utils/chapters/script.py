"""What an exported chapter calls: its command line, and where it shows tables and figures."""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from fashret_utils.chapters import parameters
from fashret_utils.scale import is_main_process

_figures: list[Path] = []  # the folder of figures, once the command line is read, and those written


def begin() -> None:
    """Draw without a screen, print from the main process only, and say where figures go.

    A chapter may show some before its parameters cell, which reads the rest of the command line.
    """
    mpl.use("agg")
    parser = argparse.ArgumentParser(add_help=False)
    _add_figures(parser)
    _figures[:] = [parser.parse_known_args()[0].figures]
    if not is_main_process():
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, open until the process ends


def arguments(**defaults: str | int | float) -> dict[str, str | int | float]:
    """Read a script's parameters from its command line: `--scale gpu --seed 1`.

    **Arguments**: `defaults` - as the chapter's parameters cell has them; their types count.

    **Returns** a value for each.
    """
    script = Path(sys.argv[0])
    parser = argparse.ArgumentParser(prog=script.name)
    for name, value in defaults.items():
        if name == "results":  # in a notebook relative to the notebooks
            value = str(Path("results").absolute())
        option = f"--{name.replace('_', '-')}"
        kind = partial(_parsed, name, value)
        parser.add_argument(option, type=kind, default=value, help=f"default: {value!r}")
    _add_figures(parser)
    chosen = vars(parser.parse_args())
    chosen.pop("figures")
    return chosen


def _add_figures(parser: argparse.ArgumentParser) -> None:
    script = Path(sys.argv[0])
    place = script.with_suffix("").with_name(f"{script.stem}_figures")
    parser.add_argument("--figures", type=Path, default=place, help="folder for the figures")


def _parsed(name: str, default: object, text: str) -> object:
    try:
        return parameters.parse(name, text, default)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def show(*values: object) -> None:
    """Show values as a notebook would: print them; write figures to files. Main process only."""
    for value in values:
        if value is None or not is_main_process():
            continue
        if isinstance(value, Figure):
            folder = _figures[0]
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{len(_figures):02}.png"
            _figures.append(path)
            value.savefig(path, bbox_inches="tight")
            print(f"figure: {path}")
        elif hasattr(value, "to_string"):  # pandas
            print(value.to_string())
        else:
            print(value)
