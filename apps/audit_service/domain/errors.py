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


class UnknownEntry(AppError):
    code, status, title, fault = "audit.unknown-entry", 404, "The trail has no such entry", "client"


class UnknownCheckpoint(AppError):
    code, status, title, fault = "audit.unknown-checkpoint", 404, "There is no checkpoint of that size", "client"


class UnknownExport(AppError):
    code, status, title, fault = "audit.unknown-export", 404, "There is no such export, or no such part of it", "client"


class ExportsFull(AppError):
    code, status, title, fault = "audit.exports-full", 429, "Too many exports are at work", "client"


class UnknownSearch(AppError):
    code, status, title, fault = "audit.unknown-search", 404, "There is no search kept by that name", "client"


class SearchesFull(AppError):
    code, status, title, fault = "audit.searches-full", 409, "Too many searches are kept", "client"


class NotYours(AppError):
    code, status, title, fault = "audit.not-yours", 403, "That trail is not yours to read", "client"


class TrailChanged(Exception):
    """The trail is not the one that was signed before, so nothing more is signed. Verifying says where."""


class PlaceAway(Exception):
    """The second place of checkpoints takes nothing, or has something else."""
