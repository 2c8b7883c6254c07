"""What can go wrong between us and Airtable; each has a page under /problems/."""

from typing import ClassVar, Literal

from apps.airtable_connector.domain.calls import Answer
from chassis import AppError


class FromAirtable:
    """Mixed into an error that Airtable itself answered: `/v0` passes that answer on as it came."""

    answer: Answer | None = None


class AirtableRateLimited(AppError):
    code = "airtable.rate-limited"
    status = 429
    title = "Airtable's limit leaves no room in the time given"
    fault: ClassVar[Literal["airtable", "platform"]] = "airtable"


class AirtableCrowded(AirtableRateLimited):
    """Nothing is wrong with Airtable: others here use up the calls it takes."""

    code = "airtable.no-turn"
    title = "Others use the calls that Airtable takes for this base"
    fault = "platform"


class AirtablePlanLimit(FromAirtable, AppError):
    code = "airtable.plan-limit"
    status = 429
    title = "The workspace has used up the API calls of its Airtable plan"
    fault = "airtable"


class AirtableRefused(FromAirtable, AppError):
    code = "airtable.refused"
    status = 403
    title = "Airtable refuses the platform's token"
    fault = "config"


class AirtableNotFound(FromAirtable, AppError):
    code = "airtable.not-found"
    status = 404
    title = "Airtable has no such base, table or record"
    fault = "client"


class AirtableInvalidRequest(FromAirtable, AppError):
    code = "airtable.invalid-request"
    status = 422
    title = "Airtable does not accept the request"
    fault = "client"


class AirtableInvalidCells(AppError):
    code = "airtable.invalid-cells"
    status = 422
    title = "The cells do not fit the table"
    fault = "client"


class AirtableInvalidFilter(AppError):
    code = "airtable.invalid-filter"
    status = 422
    title = "The filter is not one"
    fault = "client"


class AirtableCursorExpired(FromAirtable, AppError):
    code = "airtable.cursor-expired"
    status = 422
    title = "Airtable has forgotten the page"
    fault = "airtable"


class AirtableUnavailable(FromAirtable, AppError):
    code = "airtable.unavailable"
    status = 503
    title = "Airtable does not answer, or answers with an error of its own"
    fault = "airtable"


class AirtableTimeout(AppError):
    code = "airtable.timeout"
    status = 504
    title = "Airtable took longer than the time given"
    fault = "airtable"


class AirtableInvalidAnswer(AppError):
    may_have_happened = True
    code = "airtable.invalid-answer"
    status = 502
    title = "Airtable's answer makes no sense"
    fault = "airtable"


class AirtableWriteUnknown(FromAirtable, AppError):
    may_have_happened = True
    code = "airtable.write-unknown"
    status = 502
    title = "The write may have happened"
    fault = "airtable"


class AirtableReadOnly(AppError):
    code = "airtable.read-only"
    status = 403
    title = "The platform may not write to Airtable"
    fault = "config"

    def __init__(self) -> None:
        super().__init__(
            "Writing with a real Airtable token is off until it is allowed: start the platform with "
            "`python -m local up --allow-writes`, or set AIRTABLE_CONNECTOR_ALLOW_WRITES=true."
        )


class AirtableNoToken(AppError):
    code = "airtable.no-token"
    status = 503
    title = "The tenant has no Airtable token"
    fault = "config"

    def __init__(self, secret: str) -> None:
        super().__init__(
            f"The secret `{secret}` does not exist or this app may not read it: set AIRTABLE_TOKEN and restart the "
            "platform."
        )


class AirtableUnknownConnection(AppError):
    code = "airtable.unknown-connection"
    status = 404
    title = "The tenant has no such connection to Airtable"
    fault = "client"


class AirtableMissingScope(AppError):
    code = "airtable.missing-scope"
    status = 403
    title = "The connection's token lacks a scope"
    fault = "config"


class OperationNotFound(AppError):
    code = "airtable.operation-not-found"
    status = 404
    title = "There is no such operation"
    fault = "client"


class OperationUnfinished(AppError):
    code = "airtable.operation-unfinished"
    status = 409
    title = "The operation cannot be undone before its end is known"
    fault = "client"
