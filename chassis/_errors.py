"""What can go wrong, as classes: one class a code, with a status and whose fault it is.

AppError
├── the chassis' own (`_codes`): request.*, identity.*, mesh.*, peer.*, sidecar.*, state.*, secrets.*, app.*
├── an app's own, declared in its `domain.py`: airtable.rate-limited, note.too-long, …
└── PeerProblem: another app's problem, passed on as it was told
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

Fault = Literal["client", "config", "airtable", "llm", "platform"]
FAULTS: tuple[Fault, ...] = ("client", "config", "airtable", "llm", "platform")


@dataclass(frozen=True, slots=True)
class FieldError:
    """One refused field. `field` is a dotted path (`records.0.fields`), `where` body, query, path or header."""

    field: str
    message: str
    where: str = "body"

    def as_json(self) -> dict[str, str]:
        return {"field": self.field, "in": self.where, "message": self.message}


class AppError(Exception):
    """An expected failure. A subclass names the kind, an instance says in `detail` what to do about it.

    `detail` is for people and reaches the client: never put a secret or a value from the configuration in it.
    `service` is the app at fault when that is not the app that raises. `headers` go on the answer (`Retry-After`).
    `may_have_happened` marks errors after which nobody knows whether a change was made.
    """

    code: ClassVar[str] = "platform.internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "The platform failed"
    fault: ClassVar[Fault] = "platform"
    may_have_happened: ClassVar[bool] = False

    def __init__(
        self,
        detail: str,
        *,
        service: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.service = service
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.fault not in FAULTS:
            raise TypeError(f"{cls.__name__}.fault is {cls.fault!r}, not one of {', '.join(FAULTS)}")

    @staticmethod
    def registry(*packages: str) -> dict[str, "type[AppError]"]:
        """Every declared class by code, in order of the codes; only those defined in `packages` when any are given.

        Raises TypeError when two classes claim one code.
        """
        found: dict[str, type[AppError]] = {}
        for cls in _descendants(AppError):
            if packages and not cls.__module__.startswith(packages):
                continue
            if "code" not in vars(cls):
                continue  # a base class of an app's own, or PeerProblem
            other = found.setdefault(cls.code, cls)
            if other is not cls:
                raise TypeError(f"{other.__qualname__} and {cls.__qualname__} both claim the code {cls.code}")
        return dict(sorted(found.items()))


class PeerProblem(AppError):
    """A problem another app answered with, kept as it was: its code, status, title, fault, service and trace.

    Raised by `Peer`; catch it to translate a peer's code, or let it pass to the client unchanged.
    """

    def __init__(self, status: int, problem: Mapping[str, Any], *, peer: str, headers: Mapping[str, str]) -> None:
        super().__init__(
            str(problem.get("detail") or problem.get("title") or f"{peer} answered {status}"),
            service=str(problem.get("service") or peer),
            errors=[
                FieldError(str(e.get("field", "")), str(e.get("message", "")), str(e.get("in", "body")))
                for e in problem.get("errors") or ()
                if isinstance(e, Mapping)
            ],
            headers={k: v for k, v in headers.items() if k.lower() in ("retry-after", "allow")},
        )
        fault = problem.get("fault")
        # On the instance, over the class variables: this class stands for codes only known at run time.
        vars(self).update(
            code=str(problem.get("code") or "platform.internal"),
            status=status,
            title=str(problem.get("title") or ""),
            fault=fault if fault in FAULTS else "platform",
            may_have_happened=str(problem.get("code")).endswith((".answer-lost", ".timeout", ".write-unknown")),
        )
        self.peer = peer
        self.trace_id = str(problem.get("trace_id") or "")


def _descendants(cls: type[AppError]) -> Iterable[type[AppError]]:
    for child in cls.__subclasses__():
        yield child
        yield from _descendants(child)
