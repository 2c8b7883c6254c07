"""Queries as clients spell them, and as we keep and send them."""

from urllib.parse import urlencode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.airtable_connector.domain import query
from contracts.airtable_connector import RecordsQuery

PYAIRTABLE = "fields%5B%5D=A&fields%5B%5D=B&sort%5B0%5D%5Bdirection%5D=desc&sort%5B0%5D%5Bfield%5D=A&offset="
AIRTABLE_JS = "sort%5B0%5D%5Bfield%5D=A&sort%5B0%5D%5Bdirection%5D=desc&fields%5B%5D=A&fields%5B%5D=B"
INDEXED = "fields[1]=B&fields[0]=A&sort[0][field]=A&sort[0][direction]=desc"
BARE = "sort[0][field]=A&fields=A&fields=B&sort[0][direction]=desc&limit="


@pytest.mark.parametrize("spelling", [AIRTABLE_JS, INDEXED, BARE])
def test_one_question_has_one_key_however_a_client_spells_it(spelling: str) -> None:
    assert query.canonical(query.parse(spelling)) == query.canonical(query.parse(PYAIRTABLE))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("fields[]=A&fields[]=B", "fields[]=B&fields[]=A"),
        ("sort[0][field]=A&sort[1][field]=B", "sort[0][field]=B&sort[1][field]=A"),
        ("view=a", "view=A"),
        ("filterByFormula=%FF", "filterByFormula=%FE"),
        ("filterByFormula=a%26view%3Db", "filterByFormula=a&view=b"),
        ("pageSize=1", "pageSize=10"),
    ],
)
def test_different_questions_have_different_keys(one: str, other: str) -> None:
    assert query.canonical(query.parse(one)) != query.canonical(query.parse(other))


names = st.sampled_from(["fields", "sort", "view", "filterByFormula", "pageSize", "cellFormat", "x"])
values = st.text(alphabet="ab &=[]0%+é\n", min_size=1, max_size=4)


@st.composite
def questions(draw: st.DrawFn) -> list[tuple[str, list[str]]]:
    """(name, its values): one value for what is no list."""
    chosen = draw(st.lists(names, unique=True, max_size=5))
    return [(name, draw(st.lists(values, min_size=1, max_size=3 if name == "fields" else 1))) for name in chosen]


def spelled(question: list[tuple[str, list[str]]], form: int) -> str:
    pairs = []
    for name, several in question:
        for index, value in enumerate(several):
            if name == "fields":
                pairs.append((["fields", "fields[]", f"fields[{index}]"][form], value))
            elif name == "sort":
                pairs.append(("sort[0][field]", value))
            else:
                pairs.append((name, value))
    return urlencode(pairs)


@given(questions(), st.integers(0, 2), st.integers(0, 2), st.randoms())
def test_neither_spelling_nor_order_of_keys_changes_the_key(
    question: list[tuple[str, list[str]]], form: int, other_form: int, random: object
) -> None:
    shuffled = question.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = query.parse(spelled(question, form)), query.parse(spelled(shuffled, other_form))
    assert query.canonical(one) == query.canonical(other)


@given(questions(), questions())
def test_the_key_is_equal_only_for_equal_questions(
    one: list[tuple[str, list[str]]], other: list[tuple[str, list[str]]]
) -> None:
    same_key = query.canonical(query.parse(spelled(one, 1))) == query.canonical(query.parse(spelled(other, 1)))
    assert same_key == (dict(one) == dict(other))


def test_an_empty_offset_is_no_offset() -> None:
    assert query.offset_of(query.parse("offset=&view=x")) is None
    assert query.offset_of(query.parse("offset=itr%2Frec")) == "itr/rec"


def test_a_list_body_has_one_key_whatever_the_order_of_its_members() -> None:
    assert query.canonical_body(b'{"a": 1, "b": [1, 2]}') == query.canonical_body(b'{"b":[1,2],"a":1}')
    assert query.canonical_body(b'{"b": [2, 1], "a": 1}') != query.canonical_body(b'{"b":[1,2],"a":1}')


@pytest.mark.parametrize("body", [b"{", b"[]", b"3", b"\xff"])
def test_a_body_that_is_no_object_has_no_key(body: bytes) -> None:
    assert query.canonical_body(body) is None
    assert query.offset_in_body(body) is None


def test_a_query_too_long_for_a_url_says_the_same_as_a_body() -> None:
    rest, body = query.as_list_records(
        query.parse(
            "fields[]=A&fields[]=B&sort[1][field]=C&sort[0][field]=B&sort[0][direction]=desc&pageSize=50&offset="
            "&filterByFormula=x&timeZone=UTC&userLocale=en&returnFieldsByFieldId=1&recordMetadata[]=commentCount"
        )
    )
    assert rest == "timeZone=UTC&userLocale=en"
    assert orjson.loads(body) == {
        "fields": ["A", "B"],
        "sort": [{"field": "B", "direction": "desc"}, {"field": "C"}],
        "pageSize": 50,
        "filterByFormula": "x",
        "returnFieldsByFieldId": True,
        "recordMetadata": ["commentCount"],
    }


def test_our_query_becomes_airtables() -> None:
    asked = RecordsQuery(
        fields=["Name", "Notes & more"],
        filter="{A}='x'",
        sort=["-Age", "Name"],
        view="Grid",
        cursor="itr/rec",
        page_size=5,
    )
    assert dict(query.parse(query.airtable_query(asked))) == {
        "pageSize": "5",
        "fields[]": "Notes & more",
        "sort[0][field]": "Age",
        "sort[0][direction]": "desc",
        "sort[1][field]": "Name",
        "sort[1][direction]": "asc",
        "filterByFormula": "{A}='x'",
        "view": "Grid",
        "offset": "itr/rec",
    }
