"""What can go wrong, in words a caller can act on."""

from chassis import AppError


class TrailBusy(AppError):
    code, status, title, fault = "audit.busy", 503, "The audit trail has more to append than it may hold", "platform"


class TooManyLines(AppError):
    code, status, title, fault = "audit.too-many-lines", 413, "A call hands in too many entries", "client"


class OnlyApps(AppError):
    code, status, title, fault = "audit.only-apps", 403, "Only an app hands in entries, in its own name", "client"


class BadSchema(AppError):
    code, status, title, fault = "audit.bad-schema", 422, "The schema of an action cannot be used", "client"


class SchemaRaced(AppError):
    code, status, title, fault = "audit.schema-raced", 409, "Two schemas of one action came at once", "client"
