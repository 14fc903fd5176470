"""The listings of the README run as they stand."""

import re
from pathlib import Path

import pytest

README = (Path(__file__).resolve().parents[1] / "README.md").read_text()
LISTINGS = re.findall(r"^```python\n(.*?)^```", README, re.M | re.S)


def test_the_readme_has_a_listing():
    assert LISTINGS


@pytest.mark.parametrize("listing", LISTINGS)
def test_listing_runs_in_twenty_lines(listing, capsys):
    assert len(listing.splitlines()) <= 20
    exec(compile(listing, "README.md", "exec"), {})
    assert "30 items" in capsys.readouterr().out
