"""Typed calls to one app: `class SchemaService(Peer, app_id="schema-service")` with a method per thing asked."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar, overload
from urllib.parse import quote, urlencode

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError

from ._codes import InvalidAnswer
from ._errors import AppError, PeerProblem
from ._mesh import Answer, Mesh

T = TypeVar("T")
Params = Mapping[str, str | int | float | bool | list[str] | None]


class Peer:
    """The calls an app makes to another one. Subclass it with the callee's app-id; put the class in `provide=[…]`.

    Every verb takes the path (`/bases/{base}`, with values quoted by `segment`), then the type of the answer: a
    pydantic model or any type pydantic knows, `bytes` for the raw body, None when nothing is expected. Raises
    PeerProblem for a problem the callee answers (or `not_found` for its 404), the errors of `Mesh` when it could not
    be reached, InvalidAnswer when the answer is not of that type.
    """

    app_id: ClassVar[str] = ""
    _adapters: ClassVar[dict[Any, TypeAdapter[Any]]] = {}

    def __init_subclass__(cls, *, app_id: str = "", **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.app_id = app_id or cls.app_id
        cls._adapters = {}

    def __init__(self, mesh: Mesh) -> None:
        if not self.app_id:
            raise TypeError(f'{type(self).__name__} names no callee: class …(Peer, app_id="…")')
        self.mesh = mesh

    @overload
    async def get(self, path: str, answer: type[T], **options: Any) -> T: ...
    @overload
    async def get(self, path: str, answer: None = None, **options: Any) -> None: ...
    async def get(self, path: str, answer: type[T] | None = None, **options: Any) -> T | None:
        return await self._ask("GET", path, answer, **options)

    @overload
    async def post(self, path: str, answer: type[T], **options: Any) -> T: ...
    @overload
    async def post(self, path: str, answer: None = None, **options: Any) -> None: ...
    async def post(self, path: str, answer: type[T] | None = None, **options: Any) -> T | None:
        return await self._ask("POST", path, answer, **options)

    @overload
    async def put(self, path: str, answer: type[T], **options: Any) -> T: ...
    @overload
    async def put(self, path: str, answer: None = None, **options: Any) -> None: ...
    async def put(self, path: str, answer: type[T] | None = None, **options: Any) -> T | None:
        return await self._ask("PUT", path, answer, **options)

    @overload
    async def patch(self, path: str, answer: type[T], **options: Any) -> T: ...
    @overload
    async def patch(self, path: str, answer: None = None, **options: Any) -> None: ...
    async def patch(self, path: str, answer: type[T] | None = None, **options: Any) -> T | None:
        return await self._ask("PATCH", path, answer, **options)

    @overload
    async def delete(self, path: str, answer: type[T], **options: Any) -> T: ...
    @overload
    async def delete(self, path: str, answer: None = None, **options: Any) -> None: ...
    async def delete(self, path: str, answer: type[T] | None = None, **options: Any) -> T | None:
        return await self._ask("DELETE", path, answer, **options)

    async def _ask(
        self,
        method: str,
        path: str,
        answer: type[T] | None,
        *,
        json: Any = None,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        not_found: type[AppError] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> T | None:
        sent = dict(headers or {})
        body = None
        if json is not None:
            body = _encode(json)
            sent["content-type"] = "application/json"
        got = await self.mesh.call(self.app_id, method, path + _query(params), body=body, headers=sent, timeout=timeout)
        if got.status >= 400:
            raise self._problem(got, not_found)
        return self._decode(got, answer)

    def _problem(self, got: Answer, not_found: type[AppError] | None) -> AppError:
        try:
            document = orjson.loads(got.body)
        except orjson.JSONDecodeError:
            document = {}
        problem = PeerProblem(
            got.status, document if isinstance(document, dict) else {}, peer=self.app_id, headers=got.headers
        )
        if got.status == 404 and not_found is not None and problem.code != "request.unknown-route":
            return not_found(problem.detail)
        return problem

    def _decode(self, got: Answer, answer: type[T] | None) -> T | None:
        if answer is None:
            return None
        if answer is bytes:
            return got.body  # type: ignore[return-value]
        adapter = self._adapters.get(answer) or self._adapters.setdefault(answer, TypeAdapter(answer))
        try:
            value: T = adapter.validate_json(got.body)
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise InvalidAnswer(
                f"{self.app_id} answered something else than its contract says{f', at {where}' if where else ''}.",
                service=self.app_id,
            ) from error
        return value


def segment(value: str) -> str:
    """`value` as one segment of a path: nothing in it can end the segment or climb out of it."""
    quoted = quote(value, safe="")
    return quoted.replace(".", "%2E") if quoted in (".", "..") else quoted


def _query(params: Params | None) -> str:
    if not params:
        return ""
    given = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in params.items()
        if value is not None
    }
    return f"?{urlencode(given, doseq=True)}" if given else ""


def _encode(json: Any) -> bytes:
    if isinstance(json, BaseModel):
        return json.model_dump_json(exclude_unset=True, by_alias=True).encode()
    return orjson.dumps(json, default=_model)


def _model(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_unset=True, by_alias=True)
    raise TypeError(f"{type(value).__name__} has no JSON form")
