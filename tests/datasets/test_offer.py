"""The offer to fetch the open sets: one question, a local server, and no network at all."""

import pytest
from test_fetch import Server, served  # noqa: F401, a fixture and its server

from fashret_utils import __main__ as command_line
from fashret_utils.datasets import offer as module
from fashret_utils.datasets.offer import GAINS, missing, offer
from fashret_utils.datasets.reading.sources import SOURCES

BRINGS = {"shop": "real garments"}


@pytest.fixture
def said():
    return []


def test_what_is_offered_is_fetched_after_one_question(served, tmp_path, said):  # noqa: F811
    root, questions = tmp_path / "data", []
    yes = lambda question: (questions.append(question), "Y ")[1]  # noqa: E731
    assert missing(root, BRINGS) == ["shop"]
    assert offer(root, yes, BRINGS, said.append) == []
    assert questions == ["Fetch them now? [y/N] "]
    assert missing(root, BRINGS) == []
    text = "\n".join(said)
    assert "shop: real garments (licence CC0, from its page)" in text
    assert text.endswith("`make book` now uses what was fetched.")
    assert offer(root, yes, BRINGS, said.append) == []
    assert len(questions) == 1
    assert said[-1].startswith("shop: all are in ")


@pytest.mark.parametrize("ask", [None, lambda _: "", lambda _: "n"])
def test_nothing_is_fetched_without_a_yes(served, tmp_path, said, ask):  # noqa: F811
    assert offer(tmp_path / "data", ask, BRINGS, said.append) == []
    assert served[0].seen == []
    assert not (tmp_path / "data").exists()
    assert said[-1].startswith("Nothing was fetched")
    assert "make data YES=1" in said[-1]


def test_without_a_network_it_says_so_and_tries_the_others(served, tmp_path, said):  # noqa: F811
    folder = served[2]
    (folder / "a.gz").unlink()
    both = {"toy": "two files", "shop": "real garments"}
    assert offer(tmp_path / "data", lambda _: "y", both, said.append) == ["toy"]
    text = "\n".join(said)
    assert "toy could not be fetched: a.gz could not be fetched. http://127.0.0.1" in text
    assert "Without toy everything works as before. Is there a network?" in text
    assert missing(tmp_path / "data", BRINGS) == []


def test_the_command_line_asks_only_at_a_terminal(served, tmp_path, capsys, monkeypatch):  # noqa: F811
    monkeypatch.setattr(module, "GAINS", BRINGS)
    place = ["--data-root", str(tmp_path / "data")]
    assert command_line.main(["data", "offer", *place]) == 0
    assert "nobody is here to ask" in capsys.readouterr().out
    (served[2] / "parcel.tar.gz").rename(served[2] / "elsewhere")
    assert command_line.main(["data", "offer", "--yes", *place]) == 1
    assert "shop could not be fetched" in capsys.readouterr().out
    (served[2] / "elsewhere").rename(served[2] / "parcel.tar.gz")
    assert command_line.main(["data", "offer", "--yes", *place]) == 0
    assert (tmp_path / "data/shop/LICENSE").is_file()


def test_every_set_that_is_offered_can_be_fetched():
    assert set(GAINS) <= set(SOURCES)
    assert Server.cut is None
