"""The wiring of audit-service."""

from fastapi import FastAPI

from apps.audit_service import jobs
from apps.audit_service.clients import SecondPlace
from apps.audit_service.routes import entries, exports, ingest, proofs, reconciliation, schemas, searches
from apps.audit_service.service import USE_CASES
from apps.audit_service.settings import Settings
from apps.audit_service.store import STORES
from chassis import create_app


def create(settings: Settings) -> FastAPI:
    """The app that `python -m chassis audit-service` serves."""
    looking = [entries.router, searches.router, exports.router, schemas.router, reconciliation.router]
    return create_app(
        settings,
        routers=[ingest.router, proofs.router, *looking],
        jobs=[jobs.sign_checkpoints, jobs.make_exports, jobs.erase_old_entries],
        provide=[SecondPlace, *STORES, *USE_CASES],
    )
