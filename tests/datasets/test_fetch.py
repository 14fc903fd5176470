"""Fetching: against a server of this machine that can cut off, lie, and go on."""

import http.server
import threading
from functools import partial

import pytest

from fashret_utils import __main__ as command_line
from fashret_utils.datasets import fetch as module
from fashret_utils.datasets.checksums import md5_of
from fashret_utils.datasets.fetch import FetchError, fetch
from fashret_utils.datasets.places import About


class Server(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; honours "Range" if `ranges`; `cut` bytes into an answer it hangs up."""

    ranges, cut, seen = True, None, []

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = self.directory + self.path
        try:
            with open(path, "rb") as file:
                content = file.read()
        except OSError:
            self.send_error(404)
            return
        wanted = self.headers.get("Range")
        type(self).seen.append((self.path, wanted))
        first = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        if wanted and self.ranges and first >= len(content):
            self.send_error(416)
            return
        goes_on = bool(wanted and self.ranges)
        content = content[first:] if goes_on else content
        self.send_response(206 if goes_on else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content if self.cut is None else content[: self.cut])
        self.close_connection = True


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A data set of two files on a local server: handler class, address, folder served."""
    folder = tmp_path / "served"
    folder.mkdir()
    for i, name in enumerate(("a", "b")):
        (folder / f"{name}.gz").write_bytes(bytes([i]) * 700_000)
    files = {name: md5_of(folder / f"{name}.gz") for name in ("a", "b")}

    class Toy:
        FILES = files
        ABOUT = About(name="toy", licence="MIT", home="example.org", folders=("toy",))

    monkeypatch.setattr(module, "MODULES", {"toy": Toy})
    handler = type("Handler", (Server,), {"seen": []})
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(handler, directory=f"{folder}")
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setattr(module, "MIRRORS", {"toy": (address,)})
    yield handler, address, folder
    server.shutdown()
    server.server_close()


def test_files_arrive_whole_and_are_not_fetched_twice(served, tmp_path):
    said = []
    folder = fetch("toy", tmp_path / "data", say=said.append)
    assert folder == tmp_path / "data" / "toy"
    assert sorted(p.name for p in folder.iterdir()) == ["a.gz", "b.gz"]
    assert (folder / "b.gz").read_bytes() == bytes([1]) * 700_000
    assert "licence MIT" in said[0]
    requests = len(served[0].seen)
    fetch("toy", tmp_path / "data", say=said.append)
    assert len(served[0].seen) == requests


@pytest.mark.parametrize("ranges", [True, False])
def test_a_download_that_was_cut_off_goes_on(served, tmp_path, ranges):
    handler = served[0]
    handler.cut, handler.ranges = 300_000, ranges
    with pytest.raises(FetchError, match=r"a.gz could not be fetched.*after 300,000 of 700,000"):
        fetch("toy", tmp_path, say=str)
    assert (tmp_path / "toy" / "a.gz.part").stat().st_size == 300_000
    assert not (tmp_path / "toy" / "a.gz").exists()
    handler.cut = None
    fetch("toy", tmp_path, say=str)
    assert ("/a.gz", "bytes=300000-") in handler.seen
    assert (tmp_path / "toy" / "a.gz").read_bytes() == bytes(700_000)
    assert not list((tmp_path / "toy").glob("*.part"))


def test_a_part_that_is_already_whole_is_only_checked(served, tmp_path):
    part = tmp_path / "toy" / "a.gz.part"
    part.parent.mkdir()
    part.write_bytes(bytes(700_000))
    fetch("toy", tmp_path, say=str)
    assert (tmp_path / "toy" / "a.gz").is_file()


def test_a_wrong_file_is_thrown_away_and_the_next_mirror_tried(served, tmp_path):
    _, address, folder = served
    other = folder / "lies"
    other.mkdir()
    for name in ("a", "b"):
        (other / f"{name}.gz").write_bytes(b"something else")
    with pytest.raises(FetchError, match=r"MD5 \w+, expected \w+"):
        fetch("toy", tmp_path, mirrors=[f"{address}lies"], say=str)
    assert not list((tmp_path / "toy").iterdir())
    mirrors = [f"{address}absent", f"{address}lies", address]
    assert len(list(fetch("toy", tmp_path, mirrors=mirrors, say=str).iterdir())) == 2


def test_a_damaged_file_is_replaced(served, tmp_path):
    folder = fetch("toy", tmp_path, say=str)
    (folder / "a.gz").write_bytes(b"damaged")
    fetch("toy", tmp_path, say=str)
    assert (folder / "a.gz").read_bytes() == bytes(700_000)


def test_errors_are_one_line_on_the_command_line(served, tmp_path, capsys):
    served[0].cut = 10
    assert command_line.main(["data", "fetch", "toy", "--data-root", str(tmp_path)]) == 2
    assert "error: a.gz could not be fetched" in capsys.readouterr().err
    served[0].cut = None
    assert command_line.main(["data", "fetch", "toy", "--data-root", str(tmp_path)]) == 0
    assert command_line.main(["data", "fetch", "grocery-store"]) == 2
    assert "cannot be fetched: choose one of toy" in capsys.readouterr().err
    assert command_line.main(["data", "fetch"]) == 2
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert command_line.main(["data", "fetch", "toy", "--data-root", str(blocked)]) == 2
    assert "pass --data-root" in capsys.readouterr().err
