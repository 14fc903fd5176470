"""Fetching: against a server of this machine that can cut off, lie, and go on."""

import dataclasses
import gzip
import http.server
import io
import json
import tarfile
import threading
from functools import partial

import pytest
from PIL import Image

from fashret_utils import __main__ as command_line
from fashret_utils import datasets
from fashret_utils.datasets.reading import fetch as module
from fashret_utils.datasets.reading import sources
from fashret_utils.datasets.reading.archives import ArchiveError, Contents, unpack
from fashret_utils.datasets.reading.checksums import md5_of
from fashret_utils.datasets.reading.fetch import FetchError, fetch, sha256_of
from fashret_utils.datasets.reading.places import About
from fashret_utils.datasets.reading.sources import SOURCES, RemoteFile, Source
from fashret_utils.datasets.shop_views.gather import PRODUCTS


class Server(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; honours "Range" if `ranges`; `cut` bytes into an answer it hangs up.

    `said`: the length that it announces in place of the right one; `chunked`: it announces none;
    `shift`: it goes on that many bytes later than asked.
    """

    ranges, cut, seen, said, chunked, shift = True, None, [], None, False, 0

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
        first += self.shift
        content = content[first:] if goes_on else content
        self.send_response(206 if goes_on else 200)
        if goes_on:
            self.send_header("Content-Range", f"bytes {first}-/*")
        if self.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            content = b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)
        else:
            self.send_header("Content-Length", str(self.said or len(content)))
        self.end_headers()
        self.wfile.write(content if self.cut is None else content[: self.cut])
        self.close_connection = True


GOODS = {
    "shop-c0ffee/LICENSE": b"anybody may",
    "shop-c0ffee/README.md": b"not wanted",
    "shop-c0ffee/data/lists/train.txt": b"a,b\n",
    "shop-c0ffee/data/pictures/1.jpg": bytes(9000),
}


def packed(members, commit="c0ffee"):
    """A .tar.gz of name -> bytes, or -> `TarInfo`, that names its commit as GitHub's do."""
    file = io.BytesIO()
    headers = {"comment": commit}
    with tarfile.open(
        fileobj=file, mode="w:gz", format=tarfile.PAX_FORMAT, pax_headers=headers
    ) as t:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                content.name = name
                t.addfile(content, io.BytesIO(bytes(content.size)))
                continue
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o777
            t.addfile(member, io.BytesIO(content))
    return file.getvalue()


def info(kind, target=""):
    member = tarfile.TarInfo()
    member.type, member.linkname = kind, target
    return member


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A data set of two files on a local server: handler class, address, folder served."""
    folder = tmp_path / "served"
    folder.mkdir()
    for i, name in enumerate(("a", "b")):
        (folder / f"{name}.gz").write_bytes(bytes([i]) * 700_000)
    files = {name: md5_of(folder / f"{name}.gz") for name in ("a", "b")}

    handler = type("Handler", (Server,), {"seen": [], "protocol_version": "HTTP/1.1"})
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(handler, directory=f"{folder}")
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    toy = About(name="toy", licence="MIT", home="example.org", folders=("toy",))
    remote = [RemoteFile(f"{n}.gz", (f"{address}{n}.gz",), 10**6, md5) for n, md5 in files.items()]
    shop = About(name="shop", licence="CC0", folders=("shop",), marker=("lists/train.txt",))
    parcel = RemoteFile(
        "parcel.tar.gz",
        (f"{address}parcel.tar.gz",),
        10**6,
        contents=Contents(10**6, 9, 1, ("data", "LICENSE"), "data", commit="c0ffee"),
    )
    extra = RemoteFile("extra.csv", (f"{address}extra.csv",), 10**6)
    (folder / "parcel.tar.gz").write_bytes(packed(GOODS))
    (folder / "extra.csv").write_text("a,b\n")
    known = {"lists/train.txt": sha256_of(folder / "extra.csv")}
    sources = {"toy": Source(toy, tuple(remote)), "shop": Source(shop, (parcel, extra), known)}
    monkeypatch.setattr(module, "SOURCES", sources)
    yield handler, address, folder
    server.shutdown()
    server.server_close()


def test_files_arrive_whole_and_are_not_fetched_twice(served, tmp_path):
    said = []
    folder = fetch("toy", tmp_path / "data", say=said.append)
    assert folder == tmp_path / "data" / "toy"
    assert sorted(p.name for p in folder.iterdir()) == ["a.gz", "b.gz"]
    notes = json.loads((tmp_path / "data" / "toy.fetched.json").read_text())
    assert notes["licence"] == "MIT"
    assert notes["files"]["b.gz"]["compared"] == f"published MD5 {md5_of(folder / 'b.gz')}"
    assert notes["files"]["b.gz"]["sha256"] == sha256_of(folder / "b.gz")
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


@pytest.mark.parametrize(
    ("lie", "message"),
    [
        ({"said": 800_000}, r"the connection ended after 700,000 of 800,000 bytes"),
        ({"said": 300_000}, r"MD5 \w+, expected \w+"),
        (
            {"said": 10**15},
            r"1,000,000,000,000,000 bytes are announced, at most 1,000,000 expected",
        ),
        ({"chunked": True, "cut": 400_000}, r"the connection ended after"),
    ],
)
def test_a_server_that_lies_about_the_length_is_not_believed(served, tmp_path, lie, message):
    handler = served[0]
    for name, value in lie.items():
        setattr(handler, name, value)
    with pytest.raises(FetchError, match=message):
        fetch("toy", tmp_path, say=str)
    assert not (tmp_path / "toy" / "a.gz").exists()
    for name in lie:
        setattr(handler, name, getattr(Server, name))
    fetch("toy", tmp_path, say=str)
    assert (tmp_path / "toy" / "a.gz").read_bytes() == bytes(700_000)


def test_an_answer_without_end_and_one_of_another_place_are_refused(served, tmp_path):
    handler, _, folder = served
    handler.chunked = True
    (folder / "a.gz").write_bytes(bytes(1_300_000))
    with pytest.raises(FetchError, match="it sends more than the 1,000,000 bytes expected"):
        fetch("toy", tmp_path, say=str)
    assert (tmp_path / "toy" / "a.gz.part").stat().st_size == 0
    handler.chunked, handler.shift = False, 5
    (tmp_path / "toy" / "a.gz.part").write_bytes(bytes(100))
    with pytest.raises(FetchError, match="asked for what follows byte 100, got what follows 105"):
        fetch("toy", tmp_path, say=str)


def everything(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_an_archive_becomes_the_folder_and_its_sums_are_kept(served, tmp_path):
    said = []
    folder = fetch("shop", tmp_path, say=said.append)
    assert everything(folder) == ["LICENSE", "extra.csv", "lists/train.txt", "pictures/1.jpg"]
    assert not (folder / "LICENSE").stat().st_mode & 0o111  # nothing can be executed
    assert {p.name for p in tmp_path.iterdir()} == {"served", "shop", "shop.fetched.json"}
    text = "\n".join(said)
    assert "licence CC0" in text
    assert "made of commit c0ffee; no sum is published, that of this first download is kept" in text
    assert "lists/train.txt: SHA-256 as expected" in text
    notes = json.loads((tmp_path / "shop.fetched.json").read_text())
    assert notes["files"]["parcel.tar.gz"]["compared"] == "no published sum"
    requests = len(served[0].seen)
    fetch("shop", tmp_path, say=said.append)
    assert said[-1] == "  shop: there, as fetched"
    assert len(served[0].seen) == requests


def test_a_later_download_is_held_against_the_first(served, tmp_path):
    folder, goods = served[2], dict(GOODS)
    fetch("shop", tmp_path, say=str)
    (tmp_path / "shop").rename(tmp_path / "old")
    again = gzip.compress(gzip.decompress((folder / "parcel.tar.gz").read_bytes()), 1)
    (folder / "parcel.tar.gz").write_bytes(again)  # packed anew, the same inside
    said = []
    fetch("shop", tmp_path, say=said.append)
    assert any("the same as on 20" in line for line in said)
    (tmp_path / "shop").rename(tmp_path / "older")
    goods["shop-c0ffee/data/pictures/1.jpg"] = b"another one"
    (folder / "parcel.tar.gz").write_bytes(packed(goods))
    with pytest.raises(FetchError, match=r"parcel\.tar\.gz is not what it was on 20"):
        fetch("shop", tmp_path, say=str)
    assert not (tmp_path / "shop").exists()


@pytest.mark.parametrize(
    ("members", "commit", "message"),
    [
        ({**GOODS, "shop/../../evil.txt": b"x"}, "c0ffee", r"'shop/../../evil.txt' leads out"),
        ({**GOODS, "/etc/evil": b"x"}, "c0ffee", "'/etc/evil' leads out of the folder"),
        ({**GOODS, "shop/data/C:\\evil": b"x"}, "c0ffee", "leads out of the folder or is odd"),
        ({**GOODS, "shop/data/a\nb": b"x"}, "c0ffee", "leads out of the folder or is odd"),
        ({**GOODS, f"shop/data/{'n' * 300}": b"x"}, "c0ffee", "leads out of the folder or is odd"),
        ({**GOODS, "shop/data/l": info(tarfile.SYMTYPE, "/etc")}, "c0ffee", "is a link, a device"),
        ({**GOODS, "shop/data/h": info(tarfile.LNKTYPE, "../x")}, "c0ffee", "is a link, a device"),
        ({**GOODS, "shop/data/d": info(tarfile.CHRTYPE)}, "c0ffee", "is a link, a device"),
        ({**GOODS, "shop/data/f": info(tarfile.FIFOTYPE)}, "c0ffee", "is a link, a device"),
        ({**GOODS, "other/data/lists/train.txt": b"a,b\n"}, "c0ffee", "is in it twice"),
        ({**GOODS, "shop/data/bomb": bytes(5_000_000)}, "c0ffee", "unpacks to more than 1,000,000"),
        ({f"shop/data/{i}": b"" for i in range(10)}, "c0ffee", "more than 9 members"),
        ({"shop/README.md": b"x"}, "c0ffee", "nothing of the data set is in it"),
        (GOODS, "badc0de", "made of commit badc0de, expected c0ffee"),
    ],
)
def test_a_hostile_or_wrong_archive_leaves_nothing(served, tmp_path, members, commit, message):
    (served[2] / "parcel.tar.gz").write_bytes(packed(members, commit))
    with pytest.raises(FetchError, match=f"parcel.tar.gz is refused: .*{message}"):
        fetch("shop", tmp_path / "data", say=str)
    assert not (tmp_path / "data" / "shop").exists()
    assert not (tmp_path / "evil.txt").exists()
    assert not list((tmp_path / "data").rglob("parcel*"))


def test_a_file_with_holes_and_a_damaged_archive_are_refused(tmp_path):
    holes = tarfile.TarInfo("data/holes")
    holes.pax_headers = {"GNU.sparse.map": "0,0", "GNU.sparse.size": str(10**14)}
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(holes)
    path = tmp_path / "x.tar"
    path.write_bytes(raw.getvalue())
    with pytest.raises(ArchiveError, match="has holes"):
        unpack(path, tmp_path / "out", Contents(10**6, 9))
    whole = packed(GOODS)
    for content in (whole[:-40], b"no archive at all", b"", whole[:50] + b"x" + whole[51:]):
        path.write_bytes(content)
        with pytest.raises(ArchiveError, match=r"x\.tar is (damaged|refused)"):
            unpack(path, tmp_path / f"out{len(content)}", Contents(10**6, 9))


def test_what_somebody_else_put_there_is_left_alone(served, tmp_path):
    theirs = tmp_path / "shop" / "lists" / "train.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("theirs")
    said = []
    fetch("shop", tmp_path, say=said.append)
    assert said[-1] == "  shop: there, not by this command, left alone"
    theirs.rename(tmp_path / "shop" / "something.txt")
    with pytest.raises(FetchError, match="holds something else: move it away"):
        fetch("shop", tmp_path, say=str)
    assert everything(tmp_path / "shop") == ["something.txt"]


@pytest.mark.parametrize("step", ["receive", "unpack", "_write", "clear"])
def test_a_fetch_that_was_stopped_anywhere_is_taken_up(served, tmp_path, monkeypatch, step):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, step, stop)
        with pytest.raises(KeyboardInterrupt):
            fetch("shop", tmp_path, say=str)
    assert not (tmp_path / "shop").exists()
    fetch("shop", tmp_path, say=str)
    assert len(everything(tmp_path / "shop")) == 4
    assert not list(tmp_path.glob(".*"))


def test_every_source_is_pinned_or_has_a_sum_and_asks_no_stranger():
    hosts = {a.split("/")[2] for s in SOURCES.values() for f in s.files for a in f.addresses}
    assert hosts == {
        "ossci-datasets.s3.amazonaws.com",
        "github.com",
        "fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        "codeload.github.com",
        "raw.githubusercontent.com",
        "amazon-berkeley-objects.s3.amazonaws.com",
    }
    for source in SOURCES.values():
        for file in source.files:
            by_sum = file.md5 or file.name in source.known
            by_commit = file.contents and file.contents.commit in file.addresses[0]
            assert by_sum or by_commit or source.about.name == "abo-shoes"
            assert file.addresses[0].startswith("https://")


LUMA_GOODS = {
    f"magento2-sample-data-x/{place}/{file}": content
    for place, file, content in (
        ("pub/media/catalog/product/m/h", "mh01-gray_main.jpg", (120, 120, 120)),
        ("pub/media/catalog/product/m/h", "mh01-gray_back.jpg", (110, 110, 110)),
        ("pub/media/catalog/product/m/h", "mh06-blue_alternate.jpg", (0, 0, 200)),
        ("pub/media/catalog/product/m/h", "mh06-blue_main.jpg", (0, 0, 200)),
        ("pub/media/catalog/product/m/b", "mb01-blue-0.jpg", (0, 0, 90)),
        ("pub/media/catalog/product/g", "giftcard.jpg", (255, 0, 0)),
        ("pub/media/catalog/product/m/h", "mh01-gray_main_1.jpg", (255, 0, 0)),
        ("elsewhere", "mh02-black_main.jpg", (255, 0, 0)),
    )
}
PRODUCT_ROWS = """sku,product_type,categories,name,additional_attributes
MH01-XS-Gray,simple,Default Category/Men/Tops/Hoodies,Chaz-XS-Gray,"size=XS,color=Gray"
MH01,configurable,"Default Category/Collections/Eco,Default Category/Men/Tops/Hoodies","Chaz, the
Hoodie","has_options=1,style_general=Hoodie|Pullover,material=Wool,climate=Cool|Indoor,new=No"
"""


def jpeg(colour, size=(774, 960)):
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, "JPEG", quality=95)
    return stream.getvalue()


@pytest.fixture
def magento(served, monkeypatch):
    """The two repositories of shop-views on the local server; the folder that is served."""
    _, address, folder = served
    real = sources.SOURCES["shop-views"]
    goods = {name: jpeg(colour) for name, colour in LUMA_GOODS.items()}
    goods[f"magento2-sample-data-x/{PRODUCTS}"] = PRODUCT_ROWS.encode()
    goods["magento2-sample-data-x/LICENSE.txt"] = b"Open Software License"
    venia = {"v-x/catalog/product/v/a/va07-bc_main.jpg": jpeg((9, 90, 9), (300, 200))}
    venia["v-x/catalog/product/v/v/vsk01-pe_main.jpg"] = jpeg((9, 90, 9))
    venia["v-x/catalog/product/v/a/va11_look.jpg"] = jpeg((255, 0, 0))
    files = []
    for file, content in zip(real.files, (goods, venia), strict=True):
        commit = file.contents.commit.ljust(40, "0")  # the archive says all of it
        (folder / file.name).write_bytes(packed(content, commit))
        files.append(dataclasses.replace(file, addresses=(f"{address}{file.name}",)))
    here = {"shop-views": dataclasses.replace(real, files=tuple(files))}
    monkeypatch.setattr(module, "SOURCES", here)
    return folder


def test_shop_views_is_made_of_two_repositories(magento, tmp_path):
    said = []
    folder = fetch("shop-views", tmp_path, say=said.append)
    text = "\n".join(said)
    assert "licence OSL 3.0, share-alike (Magento sample data, (c) Magento, Inc. " in said[0]
    assert "7 pictures of 5 items, NOT the expected 1,122" in text
    assert [file for file in everything(folder) if not file.startswith("images/")] == [
        "LICENSE",
        "SOURCE.txt",
        "items.csv",
    ]
    assert "OSL 3.0 (share-alike)" in (folder / "SOURCE.txt").read_text()
    lines = (folder / "items.csv").read_text().splitlines()
    assert (
        "images/mb01-blue-0.jpg,luma,acc-mb01-blue,acc-mb01,blue,main,,Accessories,,,,,1" in lines
    )
    dyed = [line for line in lines if "mh06-blue_alternate" in line]
    assert dyed == ["images/mh06-blue_alternate.jpg,luma,mh06-blue,mh06,blue,alt,,,,,,,0"]
    for kind in ("va07,bc,main,,Women/Accessories/Belts", "vsk01,pe,main,,Women/Bottoms/Skirts"):
        assert any(kind in line for line in lines)
    catalog = datasets.load("shop-views", tmp_path)
    assert catalog.where(split="query").source.tolist() == ["images/mh01-gray_back.jpg"]
    assert len(catalog.where(split="gallery")) == 5
    query = catalog.where(split="query", category="Men/Tops/Hoodies")
    assert len(query.where(**{"style: Pullover": "yes", "material: Wool": "yes"})) == 1
    sizes = {Image.open(p).size for p in (folder / "images").iterdir()}
    assert sizes == {(387, 480), (300, 200)}
    assert datasets.verify("shop-views", tmp_path).complete


def test_shop_views_of_another_version_is_refused(magento, tmp_path):
    archive = magento / "magento2-sample-data.tar.gz"
    empty = {"x/LICENSE.txt": b"OSL"}
    for goods, message in (
        (empty | {f"x/{PRODUCTS}": b"sku,product_type,categories,name\n"}, "lacks column 'additi"),
        (empty, "no app/code/Magento/ConfigurableSampleData/fixtures/products.csv"),
    ):
        archive.write_bytes(packed(goods, "5380756" + "0" * 33))
        with pytest.raises(ValueError, match=message):
            fetch("shop-views", tmp_path / "data", say=str)
        assert not (tmp_path / "data" / "shop-views").exists()
        for left in (tmp_path / "data").rglob("magento2-sample-data.tar.gz"):
            left.unlink()
    archive.write_bytes(packed(empty, "badc0de"))
    with pytest.raises(FetchError, match="made of commit badc0de, expected 5380756"):
        fetch("shop-views", tmp_path / "data", say=str)
