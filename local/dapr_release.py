"""Dapr's official release archives, checked against their published checksums."""

import hashlib
import os
import queue
import re
import tarfile
import threading
import urllib.request
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError

from .operating_system import go_platform
from .progress import Progress

RELEASES = "https://github.com/dapr"

_PATIENCE = 3.0  # for the first answer, name lookup and connection included: what a closed network costs
_STALL = 10.0  # for each later read


class Unavailable(Exception):
    """The release cannot be had from here; the text says why."""


def download(repository: str, version: str, programs: list[str], target: Path, progress: Progress) -> None:
    """Put `programs` of one release (`dapr` or `cli`) into the folder `target`.

    `DAPR_RELEASE_URL` replaces the place of the releases. Raises Unavailable; nothing unchecked is unpacked.
    """
    base = os.environ.get("DAPR_RELEASE_URL", RELEASES).rstrip("/")
    folder = f"{base}/{repository}/releases/download/v{version}"
    system, architecture = go_platform()
    archives = {program: f"{folder}/{program}_{system}_{architecture}.tar.gz" for program in programs}
    first, *others = programs
    checksums = {first: _checksum(_first_answer(f"{archives[first]}.sha256"))}
    for program in others:
        checksums[program] = _checksum(_read(f"{archives[program]}.sha256"))
    for program in programs:
        with progress.step(f"downloading {program} {version}"):
            archive = target / f"{program}.tar.gz"
            digest = _fetch(archives[program], archive)
            if digest != checksums[program]:
                archive.unlink()
                raise Unavailable(f"{archives[program]} does not match its published checksum")
            _unpack(archive, program, target)


def _first_answer(url: str) -> bytes:
    """Read a small file, giving up after a time that also covers the name lookup, which has no limit."""
    answers: queue.Queue[bytes | Unavailable] = queue.Queue()

    def read() -> None:
        try:
            answers.put(_read(url, timeout=_PATIENCE))
        except Unavailable as error:
            answers.put(error)

    threading.Thread(target=read, daemon=True).start()
    try:
        answer = answers.get(timeout=_PATIENCE)
    except queue.Empty:
        raise Unavailable(f"no answer in {_PATIENCE:.0f} s from {url}") from None
    if isinstance(answer, Unavailable):
        raise answer
    return answer


def _read(url: str, timeout: float = _STALL) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:  # noqa: S310 - the person's own setting
            content: bytes = answer.read(1000)
            return content
    except (HTTPException, OSError, ValueError) as error:
        raise Unavailable(_reason(url, error)) from None


def _reason(url: str, error: Exception) -> str:
    if isinstance(error, HTTPError):
        error.close()
        return f"{url}: HTTP {error.code}"
    return f"{url}: {getattr(error, 'reason', error)}"


def _checksum(text: bytes) -> str:
    found = re.match(rb"[0-9a-f]{64}\b", text)
    if not found:
        raise Unavailable("what was published as a checksum is none (a login page of the network?)")
    return found.group().decode()


def _fetch(url: str, target: Path) -> str:
    """Download to a file and return its SHA-256."""
    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(url, timeout=_STALL) as answer, target.open("wb") as file:  # noqa: S310
            while chunk := answer.read(1 << 20):
                digest.update(chunk)
                file.write(chunk)
    except (HTTPException, OSError, ValueError) as error:
        raise Unavailable(_reason(url, error)) from None
    return digest.hexdigest()


def _unpack(archive: Path, program: str, target: Path) -> None:
    """Take the one program out of its archive, whatever else is in it, and remove the archive."""
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                if member.isfile() and member.name.removeprefix("./") == program:
                    content = tar.extractfile(member)
                    assert content is not None  # a regular file always has content
                    (target / program).write_bytes(content.read())
                    (target / program).chmod(0o755)
                    return
    except (tarfile.TarError, OSError, EOFError) as error:
        raise Unavailable(f"{archive.name} cannot be unpacked: {error}") from None
    finally:
        archive.unlink()
    raise Unavailable(f"{archive.name} holds no {program}")
