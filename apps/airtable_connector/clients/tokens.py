"""The Airtable tokens of a tenant, from the secret store: `airtable/<tenant>/<connection>`."""

from hashlib import blake2b

from apps.airtable_connector.domain.errors import AirtableNoToken
from chassis import SecretMissing, Secrets


class Tokens:
    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._refused: set[str] = set()

    async def of(self, tenant: str, connection: str) -> str:
        """Raises AirtableNoToken when there is none."""
        name = f"airtable/{tenant}/{connection}"
        try:
            token = await self._secrets.get(name, fresh=name in self._refused)
        except SecretMissing as missing:
            raise AirtableNoToken(name) from missing
        self._refused.discard(name)
        return token

    async def mark(self, tenant: str, connection: str) -> str:
        """What tells this token from the one that takes its place: another may see other things."""
        token = await self.of(tenant, connection)
        return blake2b(f"{tenant}/{connection}/{token}".encode(), digest_size=8).hexdigest()

    def refused(self, tenant: str, connection: str) -> None:
        """Airtable does not know it: it may have been changed, so it is read anew next time."""
        self._refused.add(f"airtable/{tenant}/{connection}")
