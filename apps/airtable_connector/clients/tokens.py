"""The Airtable token of a tenant, from the secret store."""

from apps.airtable_connector.domain.errors import AirtableNoToken
from apps.airtable_connector.settings import Settings
from chassis import SecretMissing, Secrets


class Tokens:
    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self._connection, self._secrets = settings.connection, secrets
        self._refused: set[str] = set()

    async def of(self, tenant: str) -> str:
        """Raises AirtableNoToken when the tenant has none."""
        name = f"airtable/{tenant}/{self._connection}"
        try:
            token = await self._secrets.get(name, fresh=tenant in self._refused)
        except SecretMissing as missing:
            raise AirtableNoToken(name) from missing
        self._refused.discard(tenant)
        return token

    def refused(self, tenant: str) -> None:
        """Airtable does not know it: it may have been changed, so it is read anew next time."""
        self._refused.add(tenant)
