"""The library every app stands on: routes, settings, calls to other apps, state, secrets, errors, logs, health.

An app is `create_app(settings, routers=[…], provide=[…])`; `python -m chassis <app-id>` runs it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._app import Chassis, create_app
from ._audit import audit, unresolved
from ._breaker import Breaker
from ._codes import (
    AnswerLost,
    AnswerNotKept,
    BadRequest,
    BreakerOpen,
    DatabaseAnswerLost,
    DatabaseBusy,
    DatabaseTimeout,
    DatabaseUnavailable,
    HeadersTooLarge,
    Internal,
    InvalidAnswer,
    InvalidKey,
    InvalidRequest,
    InvalidToken,
    KeyReused,
    MalformedJson,
    MeshDenied,
    MethodNotAllowed,
    MissingKey,
    NoDeadline,
    NotThroughSidecar,
    PeerTimeout,
    PeerUnavailable,
    RequestTimeout,
    RequestTooLarge,
    RequestTooSlow,
    SecretMissing,
    SecretsUnavailable,
    SidecarUnavailable,
    Starting,
    StateConflict,
    StateUnavailable,
    TooDeep,
    UnderWay,
    UnknownRoute,
    WorkflowsUnavailable,
)
from ._context import Context, acting, background, continued, current
from ._errors import AppError, Fault, FieldError, PeerProblem
from ._events import Drop, Envelope, Event, Retry
from ._generations import Generations
from ._jobs import job
from ._logs import Log, redact
from ._mesh import Answer, Mesh
from ._peer import Peer, segment
from ._principal import Principal, issue, principal, service, verify
from ._problem import problem, render
from ._router import Router
from ._secrets import Secrets
from ._settings import AppSettings, ConfigError
from ._spans import span
from ._spans_http import asking
from ._state import State
from ._subscriptions import Arrival, is_next, listen, subscribe
from ._uuid7 import uuid7
from ._workflow import Saga, StepKey, Steps, Workflows

if TYPE_CHECKING:
    from ._audit_relay import Ended
    from ._change import Change, Read
    from ._complete import EventSource
    from ._database import Database
    from ._idempotency import KeptAnswer
    from ._trail import TrailOfRefusals

__all__ = [
    "Answer",
    "AnswerLost",
    "AnswerNotKept",
    "AppError",
    "AppSettings",
    "Arrival",
    "BadRequest",
    "Breaker",
    "BreakerOpen",
    "Change",
    "Chassis",
    "ConfigError",
    "Context",
    "Database",
    "DatabaseAnswerLost",
    "DatabaseBusy",
    "DatabaseTimeout",
    "DatabaseUnavailable",
    "Drop",
    "Ended",
    "Envelope",
    "Event",
    "EventSource",
    "Fault",
    "FieldError",
    "Generations",
    "HeadersTooLarge",
    "Internal",
    "InvalidAnswer",
    "InvalidKey",
    "InvalidRequest",
    "InvalidToken",
    "KeptAnswer",
    "KeyReused",
    "Log",
    "MalformedJson",
    "Mesh",
    "MeshDenied",
    "MethodNotAllowed",
    "MissingKey",
    "NoDeadline",
    "NotThroughSidecar",
    "Peer",
    "PeerProblem",
    "PeerTimeout",
    "PeerUnavailable",
    "Principal",
    "Read",
    "RequestTimeout",
    "RequestTooLarge",
    "RequestTooSlow",
    "Retry",
    "Router",
    "Saga",
    "SecretMissing",
    "Secrets",
    "SecretsUnavailable",
    "SidecarUnavailable",
    "Starting",
    "State",
    "StateConflict",
    "StateUnavailable",
    "StepKey",
    "Steps",
    "TooDeep",
    "TrailOfRefusals",
    "UnderWay",
    "UnknownRoute",
    "Workflows",
    "WorkflowsUnavailable",
    "acting",
    "asking",
    "audit",
    "background",
    "continued",
    "create_app",
    "current",
    "is_next",
    "issue",
    "job",
    "listen",
    "principal",
    "problem",
    "redact",
    "render",
    "segment",
    "service",
    "span",
    "subscribe",
    "unresolved",
    "uuid7",
    "verify",
]


_LATE = {
    "Change": "_change",
    "Database": "_database",
    "Ended": "_audit_relay",
    "EventSource": "_complete",
    "KeptAnswer": "_idempotency",
    "Read": "_change",
    "TrailOfRefusals": "_trail",
}


def __getattr__(name: str) -> Any:
    """SQLAlchemy takes half a second to import: only the apps with a database shall wait for it."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_LATE[name]}", __name__), name)
