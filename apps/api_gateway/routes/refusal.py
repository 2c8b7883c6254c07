"""An error in the shape its client understands: problem+json, or Airtable's own under Airtable-compatible routes."""

from starlette.responses import Response
from starlette.types import Scope

from apps.api_gateway.domain import airtable_shape
from apps.api_gateway.routes.recording import Recording, failure_of
from apps.api_gateway.settings import Settings
from chassis import AppError, render


class Refusal:
    """What every error of the gateway's own is answered with, whether a request got as far as the proxy or not."""

    def __init__(self, settings: Settings) -> None:
        self._table = settings.table

    def __call__(self, error: AppError, scope: Scope) -> Response:
        record: Recording = scope["recording"]
        if not record.meant:
            record.routed(self._table.match(scope["raw_path"].decode("latin-1")))
        if record.route is None or record.route.style == "problem":
            return render(error, service=Settings.APP, instance=scope["path"])
        headers = {**error.headers, **airtable_shape.headers(failure_of(error))}
        return Response(airtable_shape.body(error.status, error.detail), error.status, headers)
