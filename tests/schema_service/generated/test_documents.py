"""Generated documents: what a reader of Markdown sees, and that nothing depends on anything but the schema."""

import itertools

import pytest
from markdown_it import MarkdownIt

from apps.schema_service.domain import LANGUAGES
from apps.schema_service.domain.models.naming import pascal, snake, unique
from contracts.schema_service import ModelFormat
from tests.schema_service.generated.conftest import Seeded


def test_markdown_has_a_row_of_five_cells_for_every_field_whatever_its_name_is(base: Seeded) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(base.generate("markdown"))
    rows, cells = [], []
    for token, content in itertools.pairwise(tokens):
        if token.type == "td_open":
            cells.append("".join(part.content for part in content.children or []))
        elif token.type == "tr_close" and cells:
            rows.append(cells)
            cells = []
    fields = [field for table in base.tables for field in table.fields]
    assert [row[0] for row in rows] == [" ".join(field.name.split()) for field in fields]
    assert [row[4] for row in rows] == [field.id for field in fields]
    assert {len(row) for row in rows} == {5}
    headings = [content.content for token, content in itertools.pairwise(tokens) if token.tag == "h2"]
    assert len([one for one in headings if one]) >= len(base.tables)


@pytest.mark.parametrize("format", list(LANGUAGES))
def test_the_same_schema_gives_the_same_bytes(base: Seeded, format: ModelFormat) -> None:
    text = base.generate(format)
    assert text == base.generate(format)
    assert text.endswith("\n")
    if format not in ("pydantic", "mermaid"):  # they call a field by its name only
        assert [field.name for table in base.tables for field in table.fields if field.id not in text] == []


@pytest.mark.parametrize("format", list(LANGUAGES))
def test_a_base_without_tables_has_models_too(format: ModelFormat) -> None:
    assert LANGUAGES[format].generate("appXXXXXXXXXXXXXX", 1, [])


@pytest.mark.parametrize(
    ("name", "as_field", "as_class"),
    [
        ("Annual revenue (€)", "annual_revenue", "AnnualRevenue"),
        ("2nd", "n_2nd", "N2nd"),
        ("HTTPServer", "httpserver", "HTTPServer"),
        ("x²", "x2", "X2"),
        ("価格", "価格", "価格"),
        ("__init__", "init", "Init"),
        ("?", "", ""),
    ],
)
def test_names_become_identifiers(name: str, as_field: str, as_class: str) -> None:
    assert (snake(name), pascal(name)) == (as_field, as_class)


def test_names_that_come_out_the_same_count_on_and_never_meet_a_counted_one() -> None:
    named = [("f1", "A"), ("f2", "a"), ("f3", "A 2"), ("f4", "a!"), ("f5", "?"), ("f6", "class")]
    assert list(unique(named, snake, {"class"}).values()) == ["a", "a_2", "a_2_2", "a_3", "f5", "class_"]
