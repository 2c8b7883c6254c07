"""The only files that know SQL."""

from apps.audit_service.store.checkpoints import CheckpointStore
from apps.audit_service.store.exports import ExportStore
from apps.audit_service.store.reconciliation import ReconciliationStore
from apps.audit_service.store.retention import RetentionStore
from apps.audit_service.store.schemas import SchemaStore
from apps.audit_service.store.search import SearchStore
from apps.audit_service.store.searches import SavedSearchStore
from apps.audit_service.store.trail import TrailStore

STORES = (
    CheckpointStore,
    ExportStore,
    ReconciliationStore,
    RetentionStore,
    SavedSearchStore,
    SchemaStore,
    SearchStore,
    TrailStore,
)

__all__ = [
    "STORES",
    "CheckpointStore",
    "ExportStore",
    "ReconciliationStore",
    "RetentionStore",
    "SavedSearchStore",
    "SchemaStore",
    "SearchStore",
    "TrailStore",
]
