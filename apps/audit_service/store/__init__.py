"""The only files that know SQL."""

from apps.audit_service.store.schemas import SchemaStore
from apps.audit_service.store.trail import TrailStore

__all__ = ["SchemaStore", "TrailStore"]
