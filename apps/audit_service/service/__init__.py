"""The use cases, one class for each."""

from apps.audit_service.service.appending import Appending
from apps.audit_service.service.checkpoints import Checkpoints
from apps.audit_service.service.exports import Exports
from apps.audit_service.service.reading import Reading
from apps.audit_service.service.reconciling import Reconciling
from apps.audit_service.service.retention import Retaining
from apps.audit_service.service.schemas import Schemas
from apps.audit_service.service.searches import Searches
from apps.audit_service.service.verifying import Verifying

USE_CASES = (Appending, Checkpoints, Exports, Reading, Reconciling, Retaining, Schemas, Searches, Verifying)

__all__ = [
    "USE_CASES",
    "Appending",
    "Checkpoints",
    "Exports",
    "Reading",
    "Reconciling",
    "Retaining",
    "Schemas",
    "Searches",
    "Verifying",
]
