"""The campaign of faults, in small: `benchmarks/faults.py` tries each of them many times."""

import campaign
import numpy as np
import pytest


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with campaign.server():
        yield tmp_path_factory.mktemp("faults")


@pytest.mark.parametrize("kind", ["data caching", "training", "record writing"])
def test_killed_runs_end_as_undisturbed_ones(home, kind):
    outcome, _ = campaign.killed(kind, 2, home, np.random.default_rng(1))
    assert (outcome.tried, outcome.failures) == (2, [])


def test_damaged_files_are_noticed(home):
    outcome = campaign.damaged("data caching", 3, home, np.random.default_rng(2))
    assert (outcome.tried, outcome.failures) == (3, [])


def test_a_run_beside_a_killed_one_is_not_disturbed(home):
    outcome = campaign.two_at_once(2, home, np.random.default_rng(3))
    assert (outcome.tried, outcome.failures) == (2, [])


def test_a_full_disk_is_named_or_done_without(home):
    try:
        outcome = campaign.disk_full("record writing", [160], home)
    except PermissionError as error:
        pytest.skip(str(error))
    assert (outcome.tried, outcome.failures) == (1, [])
