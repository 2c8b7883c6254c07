"""The wiring of audit-service."""

from fastapi import FastAPI

from apps.audit_service import jobs
from apps.audit_service.clients import SecondPlace
from apps.audit_service.routes import entries, exports, ingest, proofs, schemas
from apps.audit_service.service import Appending, Checkpoints, Exports, Reading, Retaining, Schemas, Verifying
from apps.audit_service.settings import Settings
from apps.audit_service.store import CheckpointStore, ExportStore, RetentionStore, SchemaStore, SearchStore, TrailStore
from chassis import create_app


def create(settings: Settings) -> FastAPI:
    """The app that `python -m chassis audit-service` serves."""
    return create_app(
        settings,
        routers=[ingest.router, proofs.router, entries.router, exports.router, schemas.router],
        jobs=[jobs.sign_checkpoints, jobs.make_exports, jobs.erase_old_entries],
        provide=[
            *(SecondPlace, TrailStore, SearchStore, CheckpointStore, RetentionStore, SchemaStore, ExportStore),
            *(Schemas, Appending, Checkpoints, Verifying, Reading, Retaining, Exports),
        ],
    )
