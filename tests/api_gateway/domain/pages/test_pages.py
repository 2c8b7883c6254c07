import re

from apps.api_gateway.domain.pages import layout
from apps.api_gateway.domain.pages.reference import reference

DOCUMENT = {
    "info": {"title": "The <API>", "version": "1", "description": "All of `it`."},
    "tags": [{"name": "note-service", "description": ""}],
    "x-missing": [],
    "paths": {
        "/notes/{id}": {
            "get": {
                "tags": ["note-service"],
                "summary": "Read <one>",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {
                    "200": {
                        "description": "Here",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}},
                    },
                    "404": {"description": "Gone", "content": {"application/problem+json": {"schema": {}}}},
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Note": {
                "required": ["text"],
                "properties": {
                    "text": {"type": "string"},
                    "tags": {"type": "array", "items": {"type": "integer"}},
                    "kind": {"enum": ["a", "b"]},
                    "owner": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                },
            }
        }
    },
}


def test_a_type_leads_to_its_schema():
    page = reference(DOCUMENT)
    assert '<a href="#Note">' in page
    assert '<h3 id="Note">' in page


def test_types_are_said_in_words():
    page = reference(DOCUMENT)
    for words in ("string, required", "list of integer", "<code>a</code> or <code>b</code>", "string or null"):
        assert words in page


def test_what_a_document_says_is_text_and_never_markup():
    page = reference(DOCUMENT)
    assert "The &lt;API&gt;" in page
    assert "Read &lt;one&gt;" in page
    assert "<one>" not in page


def test_an_operation_names_its_errors_once():
    assert "Errors 404" in reference(DOCUMENT)


def test_the_style_is_the_one_that_the_policy_allows():
    style = re.search(r"<style>(.*?)</style>", layout.page("x", ""), re.DOTALL)
    assert style is not None
    assert style.group(1) == layout.STYLE


def test_an_odd_backquote_is_a_backquote():
    assert layout.prose("a `b` <c> `") == "a `b` &lt;c&gt; `"
    assert layout.prose("a `b`") == "a <code>b</code>"
