"""`pyat schema models|slim|expand|depends|impact|search`: a base's schema in other forms."""

import enum
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.schema import Base, schema_path
from cli.session import Json, gateway

Version = Annotated[int | None, typer.Option(min=1, help="A version; the newest when left out.")]
AsOf = Annotated[str | None, typer.Option(help="The version of this time, e.g. 2026-11-25T12:00:00Z.")]


class Format(enum.StrEnum):
    pydantic = "pydantic"
    typeddict = "typeddict"
    pyairtable = "pyairtable"
    typescript = "typescript"
    jsonschema = "jsonschema"
    sql = "sql"
    markdown = "markdown"
    mermaid = "mermaid"


class Change(enum.StrEnum):
    remove = "remove"
    rename = "rename"
    retype = "retype"


def models(
    base: Base,
    format: Annotated[Format, typer.Option("--format", "-f", help="The language of the models.")],
    version: Version = None,
    as_of: AsOf = None,
    file: Annotated[Path | None, typer.Option("--output", "-o", help="A file to write instead.")] = None,
    json: Json = False,
) -> None:
    """Generate models of the tables for a program, a database or a document."""
    asked = [("format", format.value), *_which(version, as_of)]
    with gateway(json) as there:
        content = there.raw(f"{schema_path(there, base)}/models", asked).decode()
    if file:
        file.write_text(content, encoding="utf-8")
    elif json:
        output.as_json({"format": format.value, "content": content})
    else:
        typer.echo(content, nl=False)


def slim(base: Base, version: Version = None, as_of: AsOf = None, json: Json = False) -> None:
    """The schema for a language model, in about a tenth of the tokens."""
    with gateway(json) as there:
        told = there.get(f"{schema_path(there, base)}/slim", _which(version, as_of))
    if json:
        output.as_json(told)
        return
    typer.echo(told["text"])
    typer.echo(f"about {told['tokens']} tokens, {told['tokens_of_schema']} in full", err=True)


def expand(
    base: Base,
    file: Annotated[Path | None, typer.Argument(help="The slim view; standard input when left out.")] = None,
    version: Version = None,
    json: Json = False,
) -> None:
    """What a slim view tells, with the ids of what the base has."""
    text = file.read_text(encoding="utf-8") if file else sys.stdin.read()
    with gateway(json) as there:
        query = f"?version={version}" if version else ""
        told = there.send("POST", f"{schema_path(there, base)}/expand{query}", {"text": text})
    if json:
        output.as_json(told)
        return
    rows = ([table["name"], one["name"], one["type"], one["id"]] for table in told["tables"] for one in table["fields"])
    output.as_columns(["table", "field", "type", "id"], rows)


def depends(base: Base, version: Version = None, as_of: AsOf = None, json: Json = False) -> None:
    """What each field needs: links, lookups, rollups, counts, formulas."""
    with gateway(json) as there:
        told = there.get(f"{schema_path(there, base)}/dependencies", _which(version, as_of))
    output.as_json(told) if json else typer.echo(told["text"])


def impact(
    base: Base,
    of: Annotated[str, typer.Argument(help="Table, Table.Field, or an id.")],
    change: Annotated[Change, typer.Option(help="What is going to be done to it.")] = Change.remove,
    json: Json = False,
) -> None:
    """What breaks if a table or field is changed."""
    with gateway(json) as there:
        told = there.get(f"{schema_path(there, base)}/impact", [("of", of), ("change", change.value)])
    output.as_json(told) if json else typer.echo(told["text"])


def search(
    words: Annotated[list[str], typer.Argument(help="Words of a name or a description.")],
    base: Annotated[str | None, typer.Option(help="Id of a base; all bases when left out.")] = None,
    json: Json = False,
) -> None:
    """Find tables, fields and views in the schemas of all bases."""
    asked = [("q", " ".join(words)), *([("base", base)] if base else [])]
    with gateway(json) as there:
        found = [item for page in there.pages("/api/v1/schemas/search", asked) for item in page["items"]]
    if json:
        output.as_json(found)
        return
    rows = ([one["base"], one["table"], one["what"], one["name"], one["type"], one["id"]] for one in found)
    output.as_columns(["base", "table", "what", "name", "type", "id"], rows)


def _which(version: int | None, as_of: str | None) -> list[tuple[str, str | int]]:
    return [*([("version", version)] if version else []), *([("as_of", as_of)] if as_of else [])]


def add_to(commands: typer.Typer) -> None:
    for command in (models, slim, expand, depends, impact, search):
        commands.command()(command)
