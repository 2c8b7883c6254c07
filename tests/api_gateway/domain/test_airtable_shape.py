import json

import pytest

from apps.api_gateway.domain import airtable_shape


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "INVALID_REQUEST_UNKNOWN"),
        (401, "AUTHENTICATION_REQUIRED"),
        (403, "INVALID_PERMISSIONS"),
        (404, "NOT_FOUND"),
        (413, "REQUEST_TOO_LARGE"),
        (422, "INVALID_REQUEST_UNKNOWN"),
        (500, "SERVER_ERROR"),
        (503, "RETRIABLE_ERROR"),
    ],
)
def test_each_status_has_airtables_type(status, kind):
    assert json.loads(airtable_shape.body(status, "why")) == {"error": {"type": kind, "message": "why"}}


def test_a_limit_has_the_plural_form():
    assert json.loads(airtable_shape.body(429, "why")) == {
        "errors": [{"error": "RATE_LIMIT_REACHED", "message": "why"}]
    }
