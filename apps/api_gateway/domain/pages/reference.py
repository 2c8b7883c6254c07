"""The API reference, read out of the platform's OpenAPI document."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from apps.api_gateway.domain.pages.layout import page, prose, table

Document = Mapping[str, Any]


def reference(document: Document) -> str:
    info = document["info"]
    missing = document.get("x-missing", [])
    parts = [
        f"<p>{prose(info['description'])}</p>",
        '<p>For programs: <a href="/openapi.json">openapi.json</a>. For errors: <a href="/problems">problems</a>.</p>',
    ]
    if missing:
        parts.append(f"<p><b>Not described here, because it does not answer now: {escape(', '.join(missing))}.</b></p>")
    for tag in document["tags"]:
        operations = [_operation(document, *each) for each in _operations(document, tag["name"])]
        if operations:
            parts.append(f"<h2>{escape(tag['name'])}</h2><p>{prose(_first_line(tag['description']))}</p>")
            parts += operations
    parts.append(f"<h2>Schemas</h2>{_schemas(document)}")
    return page(f"{info['title']} {info['version']}", "\n".join(parts))


def _operations(document: Document, tag: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in document["paths"].items():
        for verb, operation in item.items():
            if tag in operation.get("tags", ()):
                yield verb, path, operation


def _operation(document: Document, verb: str, path: str, operation: Mapping[str, Any]) -> str:
    summary = operation.get("summary", "")
    parts = [f"<p>{prose(operation.get('description', summary))}</p>"]
    parameters = [_resolve(document, each) for each in operation.get("parameters", ())]
    rows = [
        (
            f"<code>{escape(each['name'])}</code>",
            escape(each["in"]) + (", required" if each.get("required") else ""),
            _type(each.get("schema", {})),
            prose(each.get("description", "")),
        )
        for each in parameters
    ]
    if rows:
        parts.append(table(("parameter", "in", "type", ""), rows))
    body = _resolve(document, operation.get("requestBody", {}))
    for content_type, media in body.get("content", {}).items():
        parts.append(f"<p>Body, <code>{escape(content_type)}</code>:</p>{_schema(document, media.get('schema', {}))}")
    parts.append(_answers(document, operation))
    head = f"<summary><b>{escape(verb.upper())}</b> <code>{escape(path)}</code> {escape(summary)}</summary>"
    return f"<details>{head}{''.join(parts)}</details>"


def _answers(document: Document, operation: Mapping[str, Any]) -> str:
    rows, errors, kinds = [], [], set()
    for status, reference_or_answer in operation.get("responses", {}).items():
        answer = _resolve(document, reference_or_answer)
        schemas = [_type(media.get("schema", {})) for media in answer.get("content", {}).values()]
        if status.isdigit() and int(status) >= 400:
            errors.append(escape(status))
            kinds.update(schemas)
        else:
            rows.append((escape(status), " ".join(schemas), prose(answer.get("description", ""))))
    told = f"<p>Errors {', '.join(errors)}: {' or '.join(sorted(kinds))}; their codes are under /problems.</p>"
    return table(("status", "answer", ""), rows) + (told if errors else "")


def _schemas(document: Document) -> str:
    return "\n".join(
        f'<h3 id="{escape(name)}">{escape(name)}</h3><p>{prose(schema.get("description", ""))}</p>'
        + _schema(document, schema)
        for name, schema in document.get("components", {}).get("schemas", {}).items()
    )


def _schema(document: Document, schema: Mapping[str, Any]) -> str:
    schema = _resolve(document, schema)
    required = schema.get("required", ())
    rows = [
        (
            f"<code>{escape(name)}</code>",
            _type(each) + (", required" if name in required else ""),
            prose(each.get("description", "")),
        )
        for name, each in schema.get("properties", {}).items()
    ]
    return table(("field", "type", ""), rows) if rows else f"<p>{_type(schema)}</p>"


def _type(schema: Mapping[str, Any]) -> str:
    """A schema in a few words: its name, its type, or what it is a list or a choice of."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#{name}"><code>{name}</code></a>'
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return " or ".join(_type(each) for each in schema[choice])
    if "enum" in schema:
        return " or ".join(f"<code>{escape(str(each))}</code>" for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    kind = schema.get("type", schema.get("title", "any"))
    return escape(" or ".join(kind) if isinstance(kind, list) else str(kind))


def _resolve(document: Document, value: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in value:
        return value
    found: Mapping[str, Any] = document
    for step in value["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found


def _first_line(text: str) -> str:
    return text.strip().split("\n", 1)[0]
