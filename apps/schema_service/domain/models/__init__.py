"""A base's schema in the languages of those who use it: a module a format, each a pure function of the tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from apps.schema_service.domain.models import (
    json_schema,
    markdown,
    mermaid,
    pyairtable_orm,
    pydantic_models,
    sql,
    typed_dict,
    typescript,
)
from contracts.airtable_connector import Table
from contracts.schema_service import ModelFormat


@dataclass(frozen=True, slots=True)
class Language:
    """`generate(base, version, tables)` gives the whole file; the same schema gives the same bytes."""

    media_type: str
    extension: str
    generate: Callable[[str, int, Sequence[Table]], str]


LANGUAGES: dict[ModelFormat, Language] = {
    "pydantic": Language("text/x-python", "py", pydantic_models.generate),
    "typeddict": Language("text/x-python", "py", typed_dict.generate),
    "pyairtable": Language("text/x-python", "py", pyairtable_orm.generate),
    "typescript": Language("text/typescript", "ts", typescript.generate),
    "jsonschema": Language("application/schema+json", "json", json_schema.generate),
    "sql": Language("application/sql", "sql", sql.generate),
    "markdown": Language("text/markdown", "md", markdown.generate),
    "mermaid": Language("text/vnd.mermaid", "mmd", mermaid.generate),
}

__all__ = ["LANGUAGES", "Language"]
