"""Valkey and PostgreSQL on one machine: the servers of the wheels, or the person's own by URL.

The order of a start is `prepare`, then every Spec of `specs`, then `after_start`, then the sidecars.
`REDIS_URL`, `DATABASE_URL` (an administrator's) and `<APP_ID_UPPER>_DATABASE_URL` name existing servers.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from . import postgres_server, valkey_server
from .credentials import Credentials
from .databases import APPEND_ONLY, create_databases, database_url, require_administrator, require_login
from .errors import SetupError
from .process import Spec
from .valkey_server import require_redis

VALKEY_PORT = 16379
POSTGRES_PORT = 15432


def valkey(run_dir: Path, offset: int, credentials: Credentials) -> Spec:
    """The own Valkey, configured by `prepare`; data in `<run_dir>/valkey` survive kill -9."""
    return valkey_server.spec(run_dir, VALKEY_PORT + offset, credentials.valkey_password)


def postgres(run_dir: Path, offset: int, credentials: Credentials) -> Spec:
    """The own PostgreSQL, initialised by `prepare`; `<run_dir>/postgres` leads to its data."""
    return postgres_server.spec(run_dir, POSTGRES_PORT + offset, credentials.postgres_password)


def specs(run_dir: Path, offset: int, credentials: Credentials, environment: Mapping[str, str]) -> list[Spec]:
    """The servers that have to be started: those that no URL in `environment` replaces."""
    own = []
    if not environment.get("REDIS_URL"):
        own.append(valkey(run_dir, offset, credentials))
    if not environment.get("DATABASE_URL"):
        own.append(postgres(run_dir, offset, credentials))
    return own


async def prepare(
    run_dir: Path,
    offset: int,
    credentials: Credentials,
    app_ids: Iterable[str],
    environment: Mapping[str, str],
) -> None:
    """Write what the servers need to start and what the sidecars will read from `credentials`.

    A server named by a URL is checked by a connection. May be repeated. Raises SetupError with the remedy.
    """
    redis_url = environment.get("REDIS_URL")
    if redis_url:
        credentials.set_redis(*await require_redis(redis_url))
    else:
        valkey_server.prepare(run_dir, VALKEY_PORT + offset, credentials.valkey_password)
        credentials.set_redis(f"127.0.0.1:{VALKEY_PORT + offset}", credentials.valkey_password)

    if environment.get("DATABASE_URL"):
        await require_administrator(environment["DATABASE_URL"])
    else:
        await postgres_server.prepare(run_dir, credentials.postgres_password)
    url = administrator(offset, credentials, environment)
    urls = {}
    for app_id in app_ids:
        setting = _setting(app_id)
        if given := environment.get(setting):
            await require_login(given, setting)
        urls[app_id] = given or database_url(url, app_id, credentials.database_password(app_id))
        if app_id in APPEND_ONLY:
            password = credentials.database_owner_password(app_id)
            owner = database_url(url, app_id, password, owner=True)
            credentials.set_database_owner_url(app_id, await _given_owner(app_id, environment) or owner)
    credentials.set_database_urls(urls)


async def after_start(
    run_dir: Path,
    offset: int,
    credentials: Credentials,
    app_ids: Iterable[str],
    environment: Mapping[str, str],
) -> None:
    """Give every app without a database of its own a role and a database that no other app may enter.

    PostgreSQL must answer. May be repeated: what exists stays, passwords are set again.
    """
    own = [app_id for app_id in app_ids if not environment.get(_setting(app_id))]
    passwords = {app_id: credentials.database_password(app_id) for app_id in own}
    owners = {app_id: credentials.database_owner_password(app_id) for app_id in own if app_id in APPEND_ONLY}
    exclusive = not environment.get("DATABASE_URL")
    await create_databases(administrator(offset, credentials, environment), passwords, owners, exclusive=exclusive)


def remove(run_dir: Path) -> None:
    """Delete the data of the own servers of this run directory, wherever they lie. They must be stopped."""
    valkey_server.remove(run_dir)
    postgres_server.remove(run_dir)


def administrator(offset: int, credentials: Credentials, environment: Mapping[str, str]) -> str:
    if url := environment.get("DATABASE_URL"):
        return url
    server = f"127.0.0.1:{POSTGRES_PORT + offset}"
    # The wheel's server has no TLS; saying so spares every new connection a question.
    return f"postgresql://postgres:{credentials.postgres_password}@{server}/postgres?sslmode=disable"


async def _given_owner(app_id: str, environment: Mapping[str, str]) -> str | None:
    """The person's own URL of the role that owns the app's tables. Raises SetupError for half of the pair."""
    setting, owner_setting = _setting(app_id), _setting(app_id, "DATABASE_OWNER_URL")
    if bool(environment.get(setting)) != bool(given := environment.get(owner_setting)):
        raise SetupError(
            f"{setting}, {owner_setting}: set both or neither: {app_id} may not change what it wrote, "
            "so its tables belong to a second role, under which it only migrates"
        )
    if given:
        await require_login(given, owner_setting)
    return given


def _setting(app_id: str, name: str = "DATABASE_URL") -> str:
    return f"{app_id.upper().replace('-', '_')}_{name}"
