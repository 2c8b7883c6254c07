"""An archive comes out as it was packed, or is refused."""

import gzip
import io
import json
import stat
import tarfile
from pathlib import Path

import pytest

from local import archive
from local.errors import SetupError


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    (source / "blobs").mkdir(parents=True)
    (source / "launcher.key").write_text("key")
    (source / "blobs" / "picture").write_bytes(b"\x00\xff" * 100_000)
    archive.write(tmp_path / "backup.tar.gz", source, {"postgres": "18"})
    return tmp_path / "backup.tar.gz"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


def changed(packed: Path, name: str, content: bytes | None, also: str | None = None) -> None:
    """Pack the archive again with one member changed or left out, or with one more."""
    out = io.BytesIO()
    with tarfile.open(packed) as old, tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as new:
        for member in old:
            data = old.extractfile(member).read()
            if member.name == name:
                if content is None:
                    continue
                data = content
                member.size = len(data)
            new.addfile(member, io.BytesIO(data))
        if also:
            new.addfile(tarfile.TarInfo(also), io.BytesIO())
    packed.write_bytes(out.getvalue())


def test_every_file_comes_out_as_it_went_in(packed, place):
    manifest = archive.extract(packed, place)

    assert (place / "launcher.key").read_text() == "key"
    assert (place / "blobs" / "picture").read_bytes() == b"\x00\xff" * 100_000
    assert set(manifest["members"]) == {"launcher.key", "blobs/picture"}
    assert manifest["postgres"] == "18"


def test_an_archive_and_what_comes_out_of_it_are_their_owners_alone(packed, place):
    archive.extract(packed, place)

    assert {stat.S_IMODE(path.stat().st_mode) for path in (packed, place / "launcher.key")} == {0o600}


def test_an_archive_that_could_not_be_finished_leaves_nothing(tmp_path, packed):
    with pytest.raises(SetupError, match="cannot be written: No such file"):
        archive.write(tmp_path / "nowhere" / "backup.tar.gz", tmp_path / "source", {})

    assert not list(tmp_path.rglob("*.unfinished"))


def newer(path: Path) -> None:
    manifest = {"kind": archive.KIND, "format": 99}
    changed(path, "manifest.json", json.dumps(manifest).encode())


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        pytest.param(lambda path: changed(path, "launcher.key", b"kex"), "launcher.key is not as it was", id="changed"),
        pytest.param(lambda path: changed(path, "launcher.key", None), "launcher.key is missing", id="left out"),
        pytest.param(lambda path: changed(path, "", None, also="../x"), "x does not belong to it", id="one more"),
        pytest.param(newer, "has format 99, this version reads 1", id="newer"),
        pytest.param(
            lambda path: changed(path, "manifest.json", b'{"kind": "holiday"}'), "is not a backup of this", id="foreign"
        ),
        pytest.param(lambda path: changed(path, "manifest.json", b"{"), "is not a backup of this", id="no manifest"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:-200]), "no backup, or damaged", id="cut"),
        pytest.param(lambda path: path.write_bytes(b"hello"), "no backup, or damaged", id="no gzip"),
        pytest.param(lambda path: path.write_bytes(gzip.compress(b"hello")), "no backup, or damaged", id="no tar"),
        pytest.param(lambda path: path.unlink(), "cannot be read: No such file", id="absent"),
    ],
)
def test_a_damaged_or_foreign_archive_is_refused(packed, place, damage, said):
    damage(packed)

    with pytest.raises(SetupError, match=said):
        archive.extract(packed, place)


def test_a_member_cannot_be_written_outside_of_its_place(packed, place, tmp_path):
    with tarfile.open(packed) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))
    manifest["members"]["../outside"] = {"size": 0, "sha256": ""}
    changed(packed, "manifest.json", json.dumps(manifest).encode(), also="../outside")

    with pytest.raises(SetupError, match="outside of its place"):
        archive.extract(packed, place)
    assert not (tmp_path / "outside").exists()
