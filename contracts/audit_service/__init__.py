"""What crosses between audit-service and who writes to the trail or reads it."""

from contracts.audit_service.entries import (
    MAX_BATCH_BYTES,
    MAX_ENTRY_BYTES,
    MAX_LINES,
    Actor,
    Context,
    Entry,
    Outcome,
    Receipt,
    Receipts,
    Refusal,
    Target,
    canonical,
    entry_id,
)
from contracts.audit_service.schemas import ActionSchema, NewActionSchema

__all__ = [
    "MAX_BATCH_BYTES",
    "MAX_ENTRY_BYTES",
    "MAX_LINES",
    "ActionSchema",
    "Actor",
    "Context",
    "Entry",
    "NewActionSchema",
    "Outcome",
    "Receipt",
    "Receipts",
    "Refusal",
    "Target",
    "canonical",
    "entry_id",
]
