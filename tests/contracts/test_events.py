"""Events in any language, and changes to them that subscribers would notice."""

import copy
import json
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from contracts import __main__ as command
from contracts import asyncapi, compatibility, schemas


class Place(BaseModel):
    base: str
    tags: list[str] = []


class NoteAdded(BaseModel):
    """A note was written."""

    TOPIC: ClassVar[str] = "note-service.note-added"
    TYPE: ClassVar[str] = "note-service.note-added.v1"

    note: str
    place: Place
    colour: str | None = None


TYPE = NoteAdded.TYPE
RELEASED = asyncapi.document([NoteAdded])


def test_the_document_names_every_events_topic_type_and_shape():
    assert RELEASED["channels"]["note-service.note-added"]["messages"] == {
        TYPE: {"$ref": f"#/components/messages/{TYPE}"}
    }
    message = RELEASED["components"]["messages"][TYPE]
    assert message["summary"] == "A note was written."
    assert message["payload"]["properties"]["type"] == {"const": TYPE}
    data = message["payload"]["properties"]["data"]["$ref"].rpartition("/")[2]
    assert set(RELEASED["components"]["schemas"][data]["properties"]) == {"note", "place", "colour"}
    json.dumps(RELEASED)


def test_every_event_of_the_contracts_is_in_the_golden():
    golden = json.loads((schemas.FOLDER / schemas.ASYNCAPI).read_text())
    assert set(golden["components"]["messages"]) == {
        vars(event)["TYPE"] for event in asyncapi.events(schemas.modules())
    }


def test_no_released_event_is_broken():
    assert schemas.breaks() == []


def test_an_event_of_ours_that_breaks_is_found(tmp_path: Path):
    """Planted in the golden: what the connector tells of a record loses a field."""
    document = json.loads((schemas.FOLDER / schemas.ASYNCAPI).read_text())
    told = document["components"]["schemas"]["RecordCreated"]
    field = told["required"].pop()
    del told["properties"][field]
    (tmp_path / schemas.ASYNCAPI).write_text(json.dumps(document))
    assert [each for each in schemas.breaks(tmp_path) if field in each and "record-created" in each]


def changed(name: str = "NoteAdded", **how: Any) -> dict[str, Any]:
    """The released document with another shape of one of its models."""
    document = copy.deepcopy(RELEASED)
    document["components"]["schemas"][name].update(how)
    return document


SHAPE = RELEASED["components"]["schemas"]["NoteAdded"]
PLACE = RELEASED["components"]["schemas"]["Place"]


def test_new_fields_that_may_be_absent_new_topics_and_new_versions_are_welcome():
    class NoteAdded2(NoteAdded):
        TYPE: ClassVar[str] = "note-service.note-added.v2"

        author: str

    class NoteRemoved(NoteAdded):
        TOPIC: ClassVar[str] = "note-service.note-removed"
        TYPE: ClassVar[str] = "note-service.note-removed.v1"

    assert compatibility.breaks(RELEASED, asyncapi.document([NoteAdded, NoteAdded2, NoteRemoved])) == []
    more = {**SHAPE["properties"], "author": {"type": "string"}}
    assert compatibility.breaks(RELEASED, changed(properties=more)) == []
    described = {**SHAPE["properties"], "note": {**SHAPE["properties"]["note"], "description": "Which."}}
    assert compatibility.breaks(RELEASED, changed(properties=described)) == []


@pytest.mark.parametrize(
    ("current", "said"),
    [
        (
            changed(properties={k: v for k, v in SHAPE["properties"].items() if k != "note"}),
            f"{TYPE}.data.note: the field is gone",
        ),
        (
            changed(properties={**SHAPE["properties"], "note": {"type": "integer"}}),
            f"{TYPE}.data.note: type was 'string' and is 'integer'",
        ),
        (
            changed(required=[*SHAPE["required"], "author"]),
            f"{TYPE}.data.author: became required, events that were published before do not have it",
        ),
        (changed(required=["place"]), f"{TYPE}.data.note: may be absent now, subscribers rely on it"),
        (
            changed(
                "Place", properties={**PLACE["properties"], "tags": {"type": "array", "items": {"type": "integer"}}}
            ),
            f"{TYPE}.data.place.tags[]: type was 'string' and is 'integer'",
        ),
        (
            changed(properties={**SHAPE["properties"], "colour": {"type": "string"}}),
            f"{TYPE}.data.colour: had 2 possible shapes and has 0",
        ),
    ],
    ids=["removed", "retyped", "newly required", "newly optional", "retyped inside", "no longer null"],
)
def test_a_change_that_subscribers_would_notice_is_said(current, said):
    assert said in compatibility.breaks(RELEASED, current)


def test_a_renamed_field_is_one_that_is_gone():
    renamed = {("text" if k == "note" else k): v for k, v in SHAPE["properties"].items()}
    assert compatibility.breaks(RELEASED, changed(properties=renamed)) == [f"{TYPE}.data.note: the field is gone"]


def test_a_changed_topic_is_one_that_is_gone():
    class Moved(NoteAdded):
        """A note was written."""

        TOPIC: ClassVar[str] = "note-service.note-created"
        TYPE: ClassVar[str] = "note-service.note-created.v1"

    assert compatibility.breaks(RELEASED, asyncapi.document([Moved])) == [
        "note-service.note-added: the topic is gone",
        f"{TYPE}: this version of the event is gone",
    ]


def test_what_is_released_is_what_later_changes_are_compared_with(tmp_path: Path):
    folder, released = tmp_path / "schemas", tmp_path / "released"
    folder.mkdir()
    golden = folder / schemas.ASYNCAPI
    golden.write_text(json.dumps(RELEASED))
    assert schemas.breaks(folder, released) == []
    assert schemas.release(folder, released) == []
    golden.write_text(json.dumps(changed(required=["place"])))
    assert schemas.breaks(folder, released) == schemas.release(folder, released) != []
    assert json.loads((released / schemas.ASYNCAPI).read_text()) == RELEASED


def test_check_fails_for_a_released_event_that_broke(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["contracts", "--check"])
    monkeypatch.setattr(schemas, "breaks", lambda: [f"{TYPE}.data.note: the field is gone"])
    assert command.main() == 1
    assert "the field is gone. Leave it as it was, or publish another version" in capsys.readouterr().err
