"""Every event on the bus as one AsyncAPI 3.0 document: what a subscriber in any language generates its types from.

https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

import importlib
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

TEXT = {"type": "string"}
# What the chassis puts around the data: CloudEvents 1.0 and our extensions.
ENVELOPE: dict[str, Any] = {
    "specversion": {"const": "1.0"},
    "id": {**TEXT, "description": "UUIDv7. The same event may come twice with the same id."},
    "source": {**TEXT, "description": "App-id of the owner."},
    "subject": {**TEXT, "description": "The one thing it is about."},
    "time": {**TEXT, "format": "date-time"},
    "datacontenttype": {"const": "application/json"},
    "tenantid": TEXT,
    "actorid": TEXT,
    "sequence": {**TEXT, "description": "Number among all events of the owner, without a gap, from 1."},
    "subjectsequence": {**TEXT, "description": "Number among the events of this subject, without a gap, from 1."},
    "traceparent": {**TEXT, "description": "W3C trace context of the request that led to it."},
    "correlationid": {**TEXT, "description": "The request that began it all."},
    "causationid": {**TEXT, "description": "The request or event that led to this one."},
}
ALWAYS = ["specversion", "id", "source", "type", "subject", "time", "tenantid", "actorid", "subjectsequence", "data"]


def events(module_names: Sequence[str]) -> list[type[BaseModel]]:
    """The classes with a TOPIC in these modules of `contracts`, in order of their types."""
    found = [
        thing
        for name in module_names
        for thing in vars(importlib.import_module(f"contracts.{name}")).values()
        if isinstance(thing, type) and issubclass(thing, BaseModel) and _of(thing)[0]
    ]
    return sorted(found, key=lambda event: _of(event)[1])


def document(classes: Sequence[type[BaseModel]]) -> dict[str, Any]:
    """The AsyncAPI document of these events."""
    places, schema = models_json_schema(
        [(event, "serialization") for event in classes], ref_template="#/components/schemas/{model}"
    )
    channels: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for event in classes:
        topic, kind = _of(event)
        channel = channels.setdefault(topic, {"address": topic, "messages": {}})
        channel["messages"][kind] = {"$ref": f"#/components/messages/{kind}"}
        operations[topic] = {"action": "send", "channel": {"$ref": f"#/channels/{topic}"}}
        messages[kind] = {
            "name": kind,
            "summary": (event.__doc__ or "").strip().partition("\n")[0],
            "contentType": "application/cloudevents+json",
            "payload": {
                "type": "object",
                "required": ALWAYS,
                "properties": {**ENVELOPE, "type": {"const": kind}, "data": places[event, "serialization"]},
            },
        }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Events of PyAirtable Platform", "version": "1"},
        "defaultContentType": "application/cloudevents+json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schema.get("$defs", {})},
    }


def _of(event: type[BaseModel]) -> tuple[str, str]:
    """(topic, type)."""
    topic, kind = getattr(event, "TOPIC", ""), getattr(event, "TYPE", "")
    return str(topic), str(kind)
