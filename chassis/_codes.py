"""The chassis' own errors: what any app built on it can answer."""

from ._errors import AppError


class MalformedJson(AppError):
    code, status, title, fault = "request.malformed-json", 400, "The body is not valid JSON", "client"


class InvalidRequest(AppError):
    code, status, title, fault = "request.invalid", 422, "The request has fields that are not valid", "client"


class BadRequest(AppError):
    code, status, title, fault = "request.malformed", 400, "The request could not be read", "client"


class RequestTooLarge(AppError):
    code, status, title, fault = "request.too-large", 413, "The body is too large", "client"


class HeadersTooLarge(AppError):
    code, status, title, fault = "request.headers-too-large", 431, "The headers are too large", "client"


class RequestTooSlow(AppError):
    code, status, title, fault = "request.too-slow", 408, "The request did not arrive in time", "client"


class TooDeep(AppError):
    code, status, title, fault = "request.too-deep", 400, "The JSON is nested too deeply", "client"


class UnknownRoute(AppError):
    code, status, title, fault = "request.unknown-route", 404, "There is nothing at this path", "client"


class MethodNotAllowed(AppError):
    code, status, title, fault = "request.method-not-allowed", 405, "This path does not take that method", "client"


class UnderWay(AppError):
    code, status, title, fault = "request.under-way", 409, "The same request is under way", "client"


class KeyReused(AppError):
    code, status, title, fault = "request.key-reused", 422, "The idempotency key belongs to another request", "client"


class AnswerNotKept(AppError):
    code, status, title, fault = "request.answer-not-kept", 409, "The first answer is not kept", "client"


class RequestTimeout(AppError):
    code, status, title, fault = "request.timeout", 504, "The time for this request ran out", "platform"


class MissingKey(AppError):
    code, status, title, fault = "identity.missing-key", 401, "A key is needed", "client"


class InvalidKey(AppError):
    code, status, title, fault = "identity.invalid-key", 401, "The key is not known", "client"


class InvalidToken(AppError):
    code, status, title, fault = "identity.invalid-token", 401, "The token is not valid", "client"


class NotThroughSidecar(AppError):
    code, status, title, fault = (
        "mesh.not-through-sidecar",
        401,
        "Apps answer their sidecar only",
        "client",
    )


class MeshDenied(AppError):
    code, status, title, fault = "mesh.denied", 403, "The mesh does not allow this call", "platform"


class NoDeadline(AppError):
    code, status, title, fault = "mesh.no-deadline", 400, "The call says not how much time it has", "platform"


class PeerUnavailable(AppError):
    """The request did not reach the callee, or was a safe one: it can be sent again."""

    code, status, title, fault = "peer.unavailable", 503, "A service is not available", "platform"


class AnswerLost(AppError):
    """An unsafe call was under way when the connection went: it may have happened, so no `Retry-After`."""

    code, status, title, fault = "peer.answer-lost", 502, "The answer of a service was lost", "platform"
    may_have_happened = True


class PeerTimeout(AppError):
    code, status, title, fault = "peer.timeout", 504, "A service did not answer in time", "platform"
    may_have_happened = True


class BreakerOpen(AppError):
    code, status, title, fault = (
        "peer.breaker-open",
        503,
        "A service failed repeatedly and is left alone",
        "platform",
    )


class InvalidAnswer(AppError):
    code, status, title, fault = (
        "peer.invalid-answer",
        502,
        "A service broke its contract",
        "platform",
    )


class SidecarUnavailable(AppError):
    code, status, title, fault = "sidecar.unavailable", 503, "The sidecar of a service is not available", "platform"


class StateUnavailable(AppError):
    code, status, title, fault = "state.unavailable", 503, "The state store is not available", "platform"


class StateConflict(AppError):
    code, status, title, fault = "state.conflict", 409, "The value was changed by somebody else", "platform"


class DatabaseUnavailable(AppError):
    """Nothing was changed."""

    code, status, title, fault = "database.unavailable", 503, "The database is not available", "platform"


class DatabaseBusy(AppError):
    """Nothing was changed: no connection was free, or two changes waited for each other."""

    code, status, title, fault = "database.busy", 503, "The database has too much to do", "platform"


class DatabaseTimeout(AppError):
    """Nothing was changed."""

    code, status, title, fault = "database.timeout", 504, "The database took too long", "platform"


class DatabaseAnswerLost(AppError):
    """The connection broke during the commit: it may have happened, so no `Retry-After`."""

    code, status, title, fault = "database.answer-lost", 502, "The answer of the database was lost", "platform"
    may_have_happened = True


class SecretsUnavailable(AppError):
    code, status, title, fault = "secrets.unavailable", 503, "The secret store is not available", "platform"


class SecretMissing(AppError):
    code, status, title, fault = "secrets.missing", 503, "A secret is missing or not allowed", "config"


class WorkflowsUnavailable(AppError):
    code, status, title, fault = "workflows.unavailable", 503, "The workflow engine is not available", "platform"


class Starting(AppError):
    code, status, title, fault = "app.starting", 503, "The service is still starting", "platform"


class Internal(AppError):
    code, status, title, fault = "platform.internal", 500, "The platform failed", "platform"
