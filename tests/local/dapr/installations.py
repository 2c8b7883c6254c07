"""What a person may have installed and what dapr publishes, with programs that only tell their version."""

import hashlib
import io
import tarfile
from pathlib import Path

from local.dapr_binaries import PROGRAMS, RUNTIME_VERSION
from local.operating_system import go_platform


def program(text: str = RUNTIME_VERSION) -> bytes:
    return f"#!/bin/sh\necho {text}\n".encode()


def install(folder: Path, version: str = RUNTIME_VERSION, names: list[str] = PROGRAMS) -> Path:
    """What `dapr init --slim` leaves, with programs that only tell their version."""
    (folder / ".dapr" / "bin").mkdir(parents=True)
    for name in names:
        file = folder / ".dapr" / "bin" / name
        file.write_bytes(program(version))
        file.chmod(0o755)
    return folder


def publish(folder: Path, repository: str, version: str, names: list[str]) -> Path:
    """Release archives and checksums as dapr publishes them; returns their folder."""
    release = folder / repository / "releases" / "download" / f"v{version}"
    release.mkdir(parents=True)
    for name in names:
        file = release / f"{name}_{'_'.join(go_platform())}.tar.gz"
        with tarfile.open(file, "w:gz") as archive:
            for member, content in (("LICENSE", b"text"), (f"./{name}", program())):
                entry = tarfile.TarInfo(member)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        Path(f"{file}.sha256").write_text(f"{digest} *{file.name}\n")
    return release


def programs(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / ".dapr" / "bin").iterdir())
