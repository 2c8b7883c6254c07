"""What the gateway keeps: in memory what `why` tells of, in a file what it counts until that is in the audit trail."""

from apps.api_gateway.store.memory import Memory
from apps.api_gateway.store.mutations import Mutations

__all__ = ["Memory", "Mutations"]
