"""One file that holds a backup: a compressed tar whose first member says what the others are and must be."""

import hashlib
import io
import json
import os
import tarfile
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .errors import SetupError

KIND, FORMAT = "pyairtable-platform backup", 1
_MANIFEST = "manifest.json"
_LARGEST_MANIFEST = 16 * 1024 * 1024  # bytes
_CHUNK = 1024 * 1024  # bytes
_LEVEL = 1  # of gzip: a database shrinks to a tenth already


def write(target: Path, folder: Path, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Pack every file below `folder`; returns the manifest: `facts` and the size and SHA-256 of each member.

    The archive is readable by its owner only and gets its name when it is whole. Raises SetupError.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    members = {path.relative_to(folder).as_posix(): _described(path) for path in files}
    made_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    manifest = {"kind": KIND, "format": FORMAT, "made_at": made_at, **facts, "members": members}
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=_LEVEL, format=tarfile.PAX_FORMAT) as tar:
                _add(tar, _MANIFEST, json.dumps(manifest, indent=1).encode())
                for name in members:
                    tar.add(folder / name, name, recursive=False, filter=_anonymous)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, target)
    except OSError as error:
        raise SetupError(f"{target} cannot be written: {error.strerror or error}") from None
    finally:
        unfinished.unlink(missing_ok=True)
    return manifest


def extract(source: Path, folder: Path) -> dict[str, Any]:
    """Unpack into the empty `folder` and return the manifest.

    Raises SetupError unless it is an archive of ours, with all members and every one exactly as it was packed.
    """
    try:
        with tarfile.open(source, "r:gz") as tar:
            manifest = _manifest(tar, source)
            missing = dict(manifest["members"])
            while (member := tar.next()) is not None:  # iterating would begin with the manifest again
                expected = missing.pop(member.name, None)
                if expected is None or not member.isfile():
                    raise SetupError(f"{source} is damaged: {member.name} does not belong to it")
                if _unpack(tar, member, folder) != expected:
                    raise SetupError(f"{source} is damaged: {member.name} is not as it was packed")
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise SetupError(f"{source} is no backup, or damaged: {error}") from None
    except OSError as error:
        raise SetupError(f"{source} cannot be read: {error.strerror or error}") from None
    if missing:
        raise SetupError(f"{source} is damaged: {', '.join(sorted(missing))} is missing")
    return manifest


def _manifest(tar: tarfile.TarFile, source: Path) -> dict[str, Any]:
    first = tar.next()
    file = tar.extractfile(first) if first and first.name == _MANIFEST and first.size < _LARGEST_MANIFEST else None
    try:
        manifest = json.loads(file.read()) if file else {}
    except ValueError:
        manifest = {}
    if not isinstance(manifest, dict) or manifest.get("kind") != KIND:
        raise SetupError(f"{source} is not a backup of this platform")
    if manifest.get("format") != FORMAT:
        raise SetupError(f"{source} has format {manifest.get('format')}, this version reads {FORMAT}")
    return manifest


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> dict[str, Any]:
    """Write one member, whose name the manifest knows, and describe what was written."""
    target = folder / member.name
    if not target.resolve().is_relative_to(folder.resolve()):
        raise SetupError(f"the archive wants to write to {member.name}, outside of its place")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = tar.extractfile(member)
    assert content is not None  # it is a file
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while chunk := content.read(_CHUNK):
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return {"size": size, "sha256": digest.hexdigest()}


def _described(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"size": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(content), 0o600, int(time.time())
    tar.addfile(member, io.BytesIO(content))


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member
