"""What can go wrong, as problems."""

from chassis import AppError


class UnknownTrace(AppError):
    code, status, title, fault = "traces.unknown", 404, "This trace is not known", "client"


class NotYours(AppError):
    code, status, title, fault = "traces.not-yours", 403, "These traces are not yours to read", "client"
