"""The Secrets that the manifests name: made here, applied by whoever runs the cluster, never in git."""

import asyncio
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import abilities, configuration
from ..credentials import REDIS_HOST, REDIS_PASSWORD, WORKFLOW_STORE, Credentials, write_private
from ..databases import APPEND_ONLY, create_databases, database_url, require_administrator
from ..errors import SetupError
from ..plan import load_plan
from . import naming

Manifest = dict[str, Any]

_EXAMPLE = "not-a-real-secret"
# As the launcher's own: only keys with a time to live may go when memory is short.
_VALKEY = """\
requirepass {password}
dir /data
appendonly yes
save ""
maxmemory 256mb
maxmemory-policy volatile-lru
"""


def make(root: Path, folder: Path, *, postgresql: str, redis: str, environment: Mapping[str, str] = os.environ) -> str:
    """Write `secrets.yaml`, and `servers.yaml` for a PostgreSQL and a Redis in the cluster, readable by their owner.

    `postgresql` and `redis` are HOST:PORT as pods see them, the first with options such as ?sslmode=require. What was
    made once is kept in the folder, so a second run says the same. With DATABASE_URL, an administrator's on that
    server as this machine sees it, the apps' roles and databases are made too.
    Returns what was done. Raises SetupError.
    """
    address, _, options = postgresql.partition("?")
    for name, given in (("--postgresql", address), ("--redis", redis)):
        if not re.fullmatch(r"[^\s/@:]+:\d{1,5}", given):
            raise SetupError(f"{name} {given!r}: write HOST:PORT")
    app_ids = load_plan(root / "dapr.yaml").app_ids
    sagas = abilities.having(root, app_ids, "workflow")
    credentials = Credentials.load_or_create(folder)
    credentials.set_service_keys(app_ids)
    credentials.set_redis(redis, environment.get("REDIS_PASSWORD") or credentials.valkey_password)
    if token := environment.get("AIRTABLE_TOKEN"):
        credentials.set_airtable_token(token)
    owners = [*app_ids, *([WORKFLOW_STORE] if sagas else [])]
    passwords = {owner: credentials.database_password(owner) for owner in owners}
    server = f"postgresql://{address}/?{options}"
    credentials.set_database_urls({owner: database_url(server, owner, passwords[owner]) for owner in owners})
    apart = {app_id: credentials.database_owner_password(app_id) for app_id in app_ids if app_id in APPEND_ONLY}
    for app_id, password in apart.items():
        credentials.set_database_owner_url(app_id, database_url(server, app_id, password, owner=True))
    secrets = [each for app_id in app_ids for each in of_app(app_id, credentials, has_workflow=app_id in sagas)]
    write_private(folder / "secrets.yaml", configuration.text(*secrets, note=""))
    write_private(folder / "servers.yaml", configuration.text(*_servers(credentials), note=""))
    done = [f"{folder / 'secrets.yaml'}: {len(secrets)} Secrets of {len(app_ids)} apps"]
    if administrator := environment.get("DATABASE_URL"):
        asyncio.run(_create(administrator, passwords, apart))
        done.append(f"{len(owners)} roles and databases exist on the server of DATABASE_URL")
    return "\n".join(done)


def of_app(app_id: str, credentials: Credentials, *, has_workflow: bool) -> list[Manifest]:
    """The file with what this app may read and its components need; the tokens between it and its sidecar."""
    names = [*configuration.secrets_of(app_id), REDIS_HOST, REDIS_PASSWORD]
    names += [f"database-url/{WORKFLOW_STORE}"] * has_workflow
    values = {name: credentials.value(name) for name in sorted(set(names))}
    return _secrets(app_id, values, credentials.app_api_token(app_id), credentials.dapr_api_token(app_id))


def example(app_id: str) -> list[Manifest]:
    """What the Secrets of one app look like."""
    names = [*configuration.secrets_of(app_id), REDIS_HOST, REDIS_PASSWORD]
    return _secrets(app_id, dict.fromkeys(sorted(names), _EXAMPLE), _EXAMPLE, _EXAMPLE)


def _secrets(app_id: str, values: dict[str, str], app_token: str, dapr_token: str) -> list[Manifest]:
    content = {
        naming.secrets_of(app_id): {naming.SECRETS_FILE: json.dumps(values, indent=2, sort_keys=True) + "\n"},
        naming.app_token_of(app_id): {naming.TOKEN: app_token},
        naming.dapr_token_of(app_id): {naming.TOKEN: dapr_token},
    }
    return [_secret(name, data) for name, data in content.items()]


def _servers(credentials: Credentials) -> list[Manifest]:
    """For a cluster that runs its own PostgreSQL and Redis, as overlays/local-cluster does."""
    return [
        _secret("postgresql-server", {"password": credentials.postgres_password}),
        _secret("redis-server", {"valkey.conf": _VALKEY.format(password=credentials.redis_password)}),
    ]


def _secret(name: str, data: dict[str, str]) -> Manifest:
    metadata = {"name": name, "namespace": naming.NAMESPACE, "labels": naming.PLATFORM}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "stringData": data}


async def _create(administrator: str, passwords: Mapping[str, str], apart: Mapping[str, str]) -> None:
    await require_administrator(administrator)
    await create_databases(administrator, passwords, apart, exclusive=False)
