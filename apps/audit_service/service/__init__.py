"""The use cases, one class for each."""

from apps.audit_service.service.appending import Appending
from apps.audit_service.service.schemas import Schemas

__all__ = ["Appending", "Schemas"]
