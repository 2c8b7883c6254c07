"""The container: one instance of each provided class per app, wired by the annotations of `__init__`."""

import inspect
from collections.abc import Iterable
from typing import Any, TypeVar, get_type_hints

from starlette.routing import BaseRoute

T = TypeVar("T")


class SelfProvided:
    """A class of the chassis that nobody has to list: an `__init__` that names it brings it, and its companions."""

    @classmethod
    def companions(cls) -> tuple[type, ...]:
        """What works on this class wherever it is used, though nobody names it."""
        return ()

    @classmethod
    def routes(cls, container: "Container") -> Iterable[BaseRoute]:
        """What an app that has it also answers, past FastAPI and its documents."""
        return ()


class Container:
    """Builds `classes` once, in the order their `__init__` annotations demand, beginning with `given` instances.

    Raises TypeError, when it is made, for a parameter nobody provides and for a cycle; `build` constructs, inside
    the running loop, because clients may need it.
    """

    def __init__(self, classes: Iterable[type], given: Iterable[type]) -> None:
        self._instances: dict[type, Any] = {}
        self._classes = tuple(dict.fromkeys(classes))
        self._known = {*self._classes, *given}
        for cls in self._classes:
            self._bring(cls)
        self._order = self._sorted()

    def __contains__(self, cls: object) -> bool:
        return cls in self._known

    def __getitem__(self, cls: type[T]) -> T:
        """The instance of `cls`, a provided class. Raises KeyError before `build`."""
        instance: T = self._instances[cls]
        return instance

    def routes(self) -> list[BaseRoute]:
        """The routes that the chassis' own classes bring."""
        own = [cls for cls in self._classes if issubclass(cls, SelfProvided)]
        return [route for cls in own for route in cls.routes(self)]

    def build(self, given: dict[type, Any]) -> list[Any]:
        """Construct everything; returns the instances of `classes`, dependencies first."""
        self._instances = dict(given)
        for cls in self._order:
            wanted = {name: self._instances[kind] for name, kind in self._wanted(cls).items()}
            self._instances[cls] = cls(**wanted)
        return [self._instances[cls] for cls in self._order]

    def _bring(self, cls: type) -> None:
        """Add what `cls` and what it brings name and nobody has to list."""
        named = [kind for kind in _hints(cls).values() if isinstance(kind, type) and issubclass(kind, SelfProvided)]
        along = cls.companions() if issubclass(cls, SelfProvided) else ()
        for kind in [*named, *along]:
            if kind not in self._known:
                self._classes += (kind,)
                self._known.add(kind)
                self._bring(kind)

    def _wanted(self, cls: type) -> dict[str, type]:
        """The parameters of `cls.__init__` to be filled; one with a default that nobody provides keeps its default."""
        if cls.__init__ is object.__init__:  # type: ignore[misc]
            return {}  # asking Python's own for its signature writes to every module: 4 MB that forks share no more
        hints = _hints(cls)
        wanted: dict[str, type] = {}
        for parameter in list(inspect.signature(cls.__init__).parameters.values())[1:]:  # type: ignore[misc]
            kind = hints.get(parameter.name)
            if kind in self._known:
                wanted[parameter.name] = kind
            elif parameter.default is parameter.empty and parameter.kind not in (
                parameter.VAR_POSITIONAL,
                parameter.VAR_KEYWORD,
            ):
                named = getattr(kind, "__name__", kind)
                raise TypeError(f"{cls.__name__} needs {parameter.name}: {named}, which is not in provide=[…]")
        return wanted

    def _sorted(self) -> list[type]:
        order: list[type] = []
        path: list[type] = []

        def visit(cls: type) -> None:
            if cls in order or cls not in self._classes:
                return
            if cls in path:
                raise TypeError("provide=[…] is circular: " + " → ".join(c.__name__ for c in [*path, cls]))
            path.append(cls)
            for kind in self._wanted(cls).values():
                visit(kind)
            order.append(path.pop())

        for cls in self._classes:
            visit(cls)
        return order


def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls.__init__)  # type: ignore[misc]
