"""The run directory's secrets: made once, kept, readable by their owner only."""

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from .errors import SetupError
from .key_pairs import key_pair, pems

AIRTABLE_TOKEN = "airtable/local/default"  # noqa: S105 - the secret's name
DEVELOPMENT_KEY = "identity/development-key"
SIGNING_KEY = "identity/signing-key"
PUBLIC_KEY = "identity/public-key"
SERVICE_KEYS = "identity/service-keys"
AUDIT_SIGNING_KEY = "audit/signing-key"
AUDIT_HANDOVERS = "audit/handovers"
WORKFLOW_STORE = "workflow-store"  # a database beside those of the apps
POSTGRES_PASSWORD = "postgres-password"  # noqa: S105 - the secret's name
REDIS_HOST = "redis-host"
REDIS_PASSWORD = "redis-password"  # noqa: S105 - the secret's name
NATS_URL = "nats-url"
KAFKA_BROKERS = "kafka-brokers"
KAFKA_PASSWORD = "kafka-password"  # noqa: S105 - the secret's name

_KNOWN_TO_ALL = {REDIS_HOST, KAFKA_BROKERS, PUBLIC_KEY, SERVICE_KEYS, AUDIT_HANDOVERS}


def write_private(path: Path, text: str) -> None:
    """Replace `path` at once by a file that only its owner can read: a reader sees the old or the new text."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # created with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def make_private_directory(run_dir: Path) -> None:
    """Create the run directory with mode 0700, or close an existing one that is empty or already ours.

    A foreign folder that others can read is refused: closing somebody's /tmp is no service.
    """
    if not run_dir.exists():
        run_dir.mkdir(parents=True, mode=0o700, exist_ok=True)  # another program may be faster
    if run_dir.stat().st_mode & 0o077:
        if any(run_dir.iterdir()) and not (run_dir / "secrets.json").exists():
            raise SetupError(
                f"{run_dir} cannot be the run directory: it holds other files and others can read it. "
                f"Choose a new folder, or close it: chmod 700 {run_dir}"
            )
        run_dir.chmod(0o700)


class Credentials:
    """`secrets.json` (what apps read through Dapr's secret store) and the launcher's own key beside it.

    The launcher's tokens and passwords are derived from its key (`launcher.key`, HMAC-SHA-256), so they are
    the same in every run and none of the apps' sidecars, which read secrets.json, ever holds the key.
    """

    def __init__(self, run_dir: Path, values: dict[str, str], key: bytes) -> None:
        self.run_dir = run_dir
        self._values = values
        self._key = key
        self._handed_out: set[str] = set()

    @classmethod
    def load_or_create(cls, run_dir: Path) -> "Credentials":
        """The credentials of this run directory; what is missing is generated, what is there is kept.

        Raises SetupError if the directory cannot be used or a file in it cannot be read.
        """
        run_dir = run_dir.absolute()
        make_private_directory(run_dir)
        with _locked(run_dir):
            key_file = run_dir / "launcher.key"
            if not key_file.exists():
                write_private(key_file, secrets.token_hex(32))
            credentials = cls(run_dir, _read(run_dir / "secrets.json"), key_file.read_bytes())
            credentials._complete()
        return credentials

    def app_api_token(self, app_id: str) -> str:
        """What the sidecar of `app_id` shows its app (Dapr's APP_API_TOKEN)."""
        return self._derived(f"app-api-token/{app_id}")

    def dapr_api_token(self, app_id: str) -> str:
        """What `app_id` shows its own sidecar (Dapr's DAPR_API_TOKEN)."""
        return self._derived(f"dapr-api-token/{app_id}")

    @property
    def shared_app_api_token(self) -> str:
        """APP_API_TOKEN under `dapr run -f`, where one environment serves all sidecars."""
        return self._derived("app-api-token")

    def value(self, name: str) -> str:
        """The secret of this name. Raises SetupError if there is none."""
        if name not in self._values:
            raise SetupError(f"{self.run_dir / 'secrets.json'} has no {name}: add it, a text, and try again")
        return self._values[name]

    @property
    def development_key(self) -> str:
        return self._values[DEVELOPMENT_KEY]

    @property
    def airtable_token(self) -> str:
        return self._values[AIRTABLE_TOKEN]

    @property
    def sandbox_airtable_token(self) -> str:
        """The token of the simulated Airtable, in the shape of a personal access token."""
        return f"pat{self._derived('sandbox/id')[:14]}.{self._derived('sandbox/secret')}"

    def set_airtable_token(self, real: str | None) -> None:
        """Use the person's own Airtable token, or the simulated Airtable's for None."""
        self.set({AIRTABLE_TOKEN: real or self.sandbox_airtable_token})

    def set_airtable_connections(self, tokens: Mapping[str, str]) -> None:
        """The person's further tokens, by connection."""
        self.set({f"airtable/local/{name}": token for name, token in tokens.items()})

    @property
    def postgres_password(self) -> str:
        """The password of the own PostgreSQL's superuser."""
        return self._values[POSTGRES_PASSWORD]

    @property
    def valkey_password(self) -> str:
        """The password of the own Valkey; an external server's is only in `redis_password`."""
        return self._derived("valkey")

    @property
    def bus_password(self) -> str:
        """The password of the own NATS or Kafka, where one of these is the bus."""
        return self._derived("bus")

    @property
    def redis_host(self) -> str:
        """host:port of the server the platform uses, its own or an external one."""
        return self._values[REDIS_HOST]

    @property
    def redis_password(self) -> str:
        return self._values[REDIS_PASSWORD]

    def set_redis(self, host: str, password: str) -> None:
        self.set({REDIS_HOST: host, REDIS_PASSWORD: password})

    def database_password(self, app_id: str) -> str:
        """The password of the app's own database role."""
        return self._derived(f"database/{app_id}")

    def database_url(self, app_id: str) -> str | None:
        return self._values.get(f"database-url/{app_id}")

    def set_database_urls(self, urls: dict[str, str]) -> None:
        self.set({f"database-url/{app_id}": url for app_id, url in urls.items()})

    def database_owner_password(self, app_id: str) -> str:
        """The password of the role that owns the tables of an append-only app."""
        return self._derived(f"database-owner/{app_id}")

    def set_database_owner_url(self, app_id: str, url: str) -> None:
        self.set({f"database-owner-url/{app_id}": url})

    def service_key(self, app_id: str) -> Ed25519PrivateKey:
        """What `app_id` signs with when it acts on its own."""
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self._derived(f"service-key/{app_id}")))

    def set_service_keys(self, app_ids: Iterable[str]) -> None:
        """Give every app a key to sign with when it acts on its own, and all of them the public halves."""
        pairs = {app_id: pems(self.service_key(app_id)) for app_id in app_ids}
        public = json.loads(self._values.get(SERVICE_KEYS, "{}")) | {app_id: pair[1] for app_id, pair in pairs.items()}
        self.set({
            SERVICE_KEYS: json.dumps(public, sort_keys=True),
            **{f"service-key/{app_id}": pair[0] for app_id, pair in pairs.items()},
        })  # fmt: skip

    def set(self, changes: dict[str, str]) -> None:
        """Change entries of secrets.json; the file is written only if something differs."""
        if any(self._values.get(name) != value for name, value in changes.items()):
            with _locked(self.run_dir):
                path = self.run_dir / "secrets.json"
                self._values = _read(path) | changes
                write_private(path, json.dumps(self._values, indent=2, sort_keys=True) + "\n")

    def secret_values(self) -> frozenset[str]:
        """Every text that must not appear in a log line: stored values and all tokens handed out so far."""
        stored = {value for name, value in self._values.items() if name not in _KNOWN_TO_ALL}
        return frozenset((stored | self._handed_out | {self._key.decode()}) - {""})

    def _derived(self, purpose: str) -> str:
        token = hmac.new(self._key, purpose.encode(), hashlib.sha256).hexdigest()
        self._handed_out.add(token)
        return token

    def _complete(self) -> None:
        """Add what is missing. The caller holds the lock."""
        values = dict(self._values)
        values.setdefault(DEVELOPMENT_KEY, "pya_" + secrets.token_urlsafe(30))  # 30 bytes are 40 characters
        values.setdefault(POSTGRES_PASSWORD, self._derived("postgres"))
        values.setdefault(REDIS_HOST, "127.0.0.1:16379")
        values.setdefault(REDIS_PASSWORD, self.valkey_password)
        values.setdefault(AIRTABLE_TOKEN, self.sandbox_airtable_token)
        if SIGNING_KEY not in values or PUBLIC_KEY not in values:
            values[SIGNING_KEY], values[PUBLIC_KEY] = key_pair(values.get(SIGNING_KEY), SIGNING_KEY)
        values.setdefault(AUDIT_SIGNING_KEY, key_pair(None, AUDIT_SIGNING_KEY)[0])
        values.setdefault(AUDIT_HANDOVERS, "[]")
        if values != self._values:
            self._values = values
            write_private(self.run_dir / "secrets.json", json.dumps(values, indent=2, sort_keys=True) + "\n")


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SetupError(
            f"{path} is not valid JSON ({error}). Repair it, or remove it to get new keys: rm {path}"
        ) from None
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise SetupError(f"{path} must be one flat object of texts. Remove it to get new keys: rm {path}")
    return values


@contextmanager
def _locked(run_dir: Path) -> Iterator[None]:
    """Two programs on one run directory must not generate two different sets."""
    with (run_dir / ".credentials.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
