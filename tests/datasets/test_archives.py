"""Archives at random: unpacked below their folder, or refused by name."""

import gzip
import io
import shutil
import tarfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fashret_utils.datasets.reading.archives import ArchiveError, Contents, unpack

CONTENTS = Contents(most_bytes=100_000, most_files=20)
KINDS = (tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE)


def pack(members):
    """The bytes of a tar file of (name, kind, content)."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, kind, content in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "../outside"
            info.size = len(content) if kind == tarfile.REGTYPE else 0
            tar.addfile(info, io.BytesIO(content))
    return file.getvalue()


def try_out(tmp_path, raw):
    """Unpack these bytes: what lies in the folder then, or None if the archive was refused."""
    archive, folder = tmp_path / "data.tar.gz", tmp_path / "into"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    archive.write_bytes(raw)
    refused = ""
    try:
        unpack(archive, folder, CONTENTS)
    except ArchiveError as error:
        refused = str(error)
    assert {path.name for path in tmp_path.iterdir()} == {"data.tar.gz", "into"}
    assert not any(path.is_symlink() or path.is_fifo() for path in folder.rglob("*"))
    if refused:
        assert archive.name in refused
        return None
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


parts = st.sampled_from(["a", "b", "..", ".", "", "nul", "é", "c" * 201, "a\\b", "a\nb"])
members = st.tuples(
    st.lists(parts, min_size=1, max_size=9).map("/".join),
    st.just(tarfile.REGTYPE) | st.sampled_from(KINDS),
    st.binary(max_size=30) | st.just(bytes(60_000)),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(members=st.lists(members, max_size=4))
def test_fuzz_members_are_unpacked_whole_or_the_archive_is_refused(tmp_path, members):
    found = try_out(tmp_path, pack(members))
    if found is not None:
        regular = [m for m in members if m[1] == tarfile.REGTYPE]
        assert sorted(found.values()) == sorted(content for _, _, content in regular)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.integers(0, 6000),
    cut=st.integers(0, 600),
    new=st.binary(max_size=9),
    packed=st.booleans(),
)
def test_fuzz_a_damaged_archive_is_unpacked_or_refused(tmp_path, at, cut, new, packed):
    whole = {"a/b.txt": b"one", "a/é/c.txt": b"two" * 400, "d": b""}
    raw = pack([(name, tarfile.REGTYPE, content) for name, content in whole.items()])
    raw = gzip.compress(raw, mtime=0) if packed else raw
    at %= len(raw)
    found = try_out(tmp_path, raw[:at] + new + raw[at + cut :])
    if found is not None:
        assert sum(map(len, found.values())) <= CONTENTS.most_bytes


@pytest.mark.parametrize("names", [("a", "a/b"), ("a/b", "a"), ("a", "./a")])
def test_a_name_that_is_taken_is_refused(tmp_path, names):
    assert try_out(tmp_path, pack([(name, tarfile.REGTYPE, b"x") for name in names])) is None


def test_a_path_longer_than_file_systems_take_is_refused(tmp_path):
    name = "/".join(["abcdefgh"] * 600)
    assert try_out(tmp_path, pack([(name, tarfile.REGTYPE, b"x")])) is None
