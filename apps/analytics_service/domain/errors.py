"""What can go wrong, as problems."""

from chassis import AppError


class UnknownTrace(AppError):
    code, status, title, fault = "traces.unknown", 404, "This trace is not known", "client"


class NotYours(AppError):
    code, status, title, fault = "traces.not-yours", 403, "These traces are not yours to read", "client"


class LogsNotYours(AppError):
    code, status, title, fault = "logs.not-yours", 403, "Logs are for who runs the platform", "client"


class LogsElsewhere(AppError):
    code, status, title, fault = "logs.elsewhere", 501, "The logs are kept elsewhere", "config"

    def __init__(self) -> None:
        super().__init__(
            "This service sees no folder of logs. In a cluster ask that: "
            "kubectl logs -l app.kubernetes.io/name=<app-id> --all-containers, or what collects logs there; else set "
            "ANALYTICS_SERVICE_LOGS_FOLDER."
        )
