"""What an app declares is checked when it is made, and injected when it runs."""

import pytest

from chassis import AppSettings, Mesh, Principal, Router, State, create_app
from chassis.testing import AppClient


class Settings(AppSettings, app_id="note-service"):
    pass


class Store:
    def __init__(self, state: State) -> None:
        self.state = state


class Notes:
    def __init__(self, store: Store, mesh: Mesh, settings: Settings, limit: int = 7) -> None:
        self.store, self.mesh, self.settings, self.limit = store, mesh, settings, limit


def made(*declare, provide=()):
    router = Router()
    for each in declare:
        each(router)
    return create_app(Settings(), routers=[router], provide=provide)


def unsafe(**audit):
    async def change() -> None: ...

    return lambda router: router.post("/notes", **audit)(change)


@pytest.mark.parametrize("audit", [{}, {"audit": "note.add", "no_audit": "both"}, {"audit": ""}])
def test_an_unsafe_route_says_what_it_audits_or_why_nothing(audit):
    with pytest.raises(TypeError, match="needs audit="):
        made(unsafe(**audit))
    made(unsafe(audit="note.add"))
    made(unsafe(no_audit="changes nothing"))


@pytest.mark.parametrize(
    ("declared", "told"),
    [({"audit": "note.add"}, ("note.add", None)), ({"no_audit": "changes nothing"}, (None, "changes nothing"))],
)
def test_the_document_tells_what_an_operation_writes_to_the_trail_beside_what_the_route_adds_itself(declared, told):
    app = made(unsafe(**declared, openapi_extra={"x-own": 1}))
    operation = app.openapi()["paths"]["/notes"]["post"]
    assert (operation.get("x-audit"), operation.get("x-no-audit"), operation["x-own"]) == (*told, 1)


def test_a_plain_function_is_no_endpoint():
    def blocking() -> None: ...

    with pytest.raises(TypeError, match="async def"):
        made(lambda router: router.get("/notes")(blocking))


def test_a_class_that_nobody_provides_is_missed_when_the_app_is_made():
    with pytest.raises(TypeError, match=r"Notes needs store: Store, which is not in provide"):
        made(provide=[Notes])


class Hen:
    def __init__(self, egg: "Egg") -> None: ...


class Egg:
    def __init__(self, hen: Hen) -> None: ...


def test_a_circle_of_classes_is_named():
    with pytest.raises(TypeError, match="Hen → Egg → Hen"):
        made(provide=[Hen, Egg])


async def test_provided_classes_are_built_once_per_app_and_injected(dapr):
    seen = []
    router = Router("/notes")

    @router.get("/{number}")
    async def note(number: int, notes: Notes, who: Principal) -> dict[str, int]:
        seen.append(notes)
        return {"number": number}

    settings = Settings(**dapr.settings())
    first, second = (create_app(settings, routers=[router], provide=[Notes, Store]) for _ in range(2))
    for app in (first, second):
        async with AppClient(app, dapr.headers()).running() as client:
            for number in (1, 2):
                assert (await client.get(f"/notes/{number}")).json() == {"number": number}
    assert seen[0] is seen[1]
    assert seen[2] is not seen[0]
    assert seen[0].settings is settings
    assert seen[0].store.state is first.state.chassis.state
    assert seen[0].limit == 7
    assert first.state.chassis.mesh is not second.state.chassis.mesh


def test_injected_parameters_are_no_part_of_the_documented_interface():
    async def note(number: int, notes: Notes, who: Principal) -> dict[str, int]: ...

    app = made(lambda router: router.get("/notes/{number}")(note), provide=[Notes, Store])
    parameters = app.openapi()["paths"]["/notes/{number}"]["get"]["parameters"]
    assert [each["name"] for each in parameters] == ["number"]


def test_every_operation_documents_every_problem_the_app_can_answer():
    from . import notes_app

    document = notes_app.create(notes_app.Settings()).openapi()
    codes = {each["code"]: each for each in document["x-problems"]}
    assert codes["note.too-long"] == {
        "code": "note.too-long", "status": 422, "title": "The note is too long", "fault": "client",
    }  # fmt: skip
    assert {"request.invalid", "peer.unavailable", "mesh.denied", "platform.internal"} <= set(codes)
    assert "note.too-long" in document["components"]["responses"]["Problem422"]["description"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status in {each["status"] for each in codes.values()}:
                answer = operation["responses"][str(status)]
                assert answer == {"$ref": f"#/components/responses/Problem{status}"}, (path, method, status)
    assert "HTTPValidationError" not in document["components"]["schemas"]
