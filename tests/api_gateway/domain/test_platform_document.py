from typing import Any

from apps.api_gateway.domain.catalogue import Catalogue, Page
from apps.api_gateway.domain.platform_document import PlatformDocument
from apps.api_gateway.domain.routing import Route, RouteTable

TABLE = RouteTable(
    [
        Route("/notes", "note-service", frozenset({"GET", "POST"}), 30, 1024),
        Route("/tags", "tag-service", frozenset({"GET"}), 30, 1024, auth="none"),
        Route("/v0", "note-service", frozenset({"GET"}), 30, 1024, style="airtable"),
    ]
)
CATALOGUE = Catalogue([Page("note.empty", 422, "client", "The note is empty", "…", "…", "note-service", "Write one.")])
PROBLEM = {"Problem": {"type": "object"}}


def an_operation(schema: str, name: str = "read") -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"operationId": name, "responses": {"200": {"description": "", "content": content}}}


def a_document(paths: dict[str, Any], **schemas: Any) -> dict[str, Any]:
    return {"info": {"title": "x", "version": "1"}, "paths": paths, "components": {"schemas": schemas}}


def merged(**documents: dict[str, Any]) -> dict[str, Any]:
    whole = PlatformDocument(TABLE, CATALOGUE)
    whole.add_own(a_document({}, **PROBLEM))
    for app, document in documents.items():
        whole.add(app.replace("_", "-"), document)
    return whole.finish(version="1", missing=[])


def test_only_routed_paths_and_methods_of_the_routed_app_are_public():
    item = {"get": an_operation("Note"), "delete": an_operation("Note", "remove")}
    whole = merged(note_service=a_document({"/notes/{id}": item, "/internal": item, "/tags": item}, Note={}))
    assert {path: set(item) for path, item in whole["paths"].items()} == {"/notes/{id}": {"get"}}


def test_what_two_apps_call_by_one_name_is_told_apart():
    whole = merged(
        note_service=a_document({"/notes": {"get": an_operation("Item")}}, Item={"title": "note"}),
        tag_service=a_document({"/tags": {"get": an_operation("Item")}}, Item={"title": "tag"}),
    )
    schemas = whole["components"]["schemas"]
    assert (schemas["Item"]["title"], schemas["TagServiceItem"]["title"]) == ("note", "tag")
    answer = whole["paths"]["/tags"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer["$ref"] == "#/components/schemas/TagServiceItem"


def test_references_inside_of_renamed_schemas_follow():
    inner = {"title": "tag's"}
    outer = {"properties": {"inner": {"$ref": "#/components/schemas/Inner"}}}
    whole = merged(
        note_service=a_document({"/notes": {"get": an_operation("Inner")}}, Inner={"title": "note's"}),
        tag_service=a_document({"/tags": {"get": an_operation("Outer")}}, Inner=inner, Outer=outer),
    )
    found = whole["components"]["schemas"]["Outer"]["properties"]["inner"]["$ref"]
    assert found == "#/components/schemas/TagServiceInner"


def test_what_is_the_same_in_two_apps_is_there_once():
    same = {"title": "same"}
    whole = merged(
        note_service=a_document({"/notes": {"get": an_operation("Item")}}, Item=same),
        tag_service=a_document({"/tags": {"get": an_operation("Item", "list")}}, Item=same),
    )
    assert [name for name in whole["components"]["schemas"] if "Item" in name] == ["Item"]


def test_operation_ids_are_unique():
    whole = merged(
        note_service=a_document({"/notes": {"get": an_operation("Item")}}, Item={}),
        tag_service=a_document({"/tags": {"get": an_operation("Item")}}, Item={}),
    )
    assert whole["paths"]["/tags"]["get"]["operationId"] == "tag_service_read"


def test_internal_schemas_are_not_published():
    whole = merged(note_service=a_document({"/notes": {"get": an_operation("Note")}}, Note={}, Secret={}))
    assert "Secret" not in whole["components"]["schemas"]


def test_every_error_is_documented_with_its_codes():
    documented = {**an_operation("Note"), "responses": {"422": {"description": "FastAPI's own"}}}
    whole = merged(note_service=a_document({"/notes": {"get": documented}, "/v0/{base}": {"get": documented}}))
    responses = whole["paths"]["/notes"]["get"]["responses"]
    assert responses["422"] == {"$ref": "#/components/responses/Problem422"}
    assert {"401", "413", "503", "504"} <= responses.keys()
    assert "`note.empty`" in whole["components"]["responses"]["Problem422"]["description"]
    airtable = whole["paths"]["/v0/{base}"]["get"]["responses"]
    assert airtable["422"] == {"$ref": "#/components/responses/AirtableError422"}


def test_an_open_route_asks_for_no_key():
    whole = merged(tag_service=a_document({"/tags": {"get": an_operation("Item")}}, Item={}))
    assert whole["security"] == [{"key": []}, {"keyHeader": []}]
    assert whole["paths"]["/tags"]["get"]["security"] == []


def test_parameters_of_the_path_reach_each_operation():
    parameter = {"name": "id", "in": "path"}
    item = {"parameters": [parameter], "get": an_operation("Note")}
    whole = merged(note_service=a_document({"/notes/{id}": item}, Note={}))
    assert whole["paths"]["/notes/{id}"]["get"]["parameters"] == [parameter]


def test_the_given_documents_stay_as_they_were():
    document = a_document({"/notes": {"get": an_operation("Note")}}, Note={})
    before = repr(document)
    merged(note_service=document)
    assert repr(document) == before
