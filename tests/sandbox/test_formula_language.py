"""Formulas as filters: what includes a record, and what is refused before any record is looked at."""

import pytest

from sandbox.airtable.formula import FormulaError, compile_formula, parse, print_formula
from sandbox.airtable.formula.parser import MAX_DEPTH, MAX_LENGTH
from sandbox.airtable.seed import load

FIELDS = [
    {"name": "Name", "type": "singleLineText"},
    {"name": "Two words", "type": "singleLineText"},
    {"name": "odd}name", "type": "singleLineText"},
    {"name": "Age", "type": "number"},
    {"name": "Zero", "type": "number"},
    {"name": "No number", "type": "number"},
    {"name": "Done", "type": "checkbox"},
    {"name": "Not done", "type": "checkbox"},
    {"name": "Color", "type": "singleSelect", "options": {"choices": ["Red", "Blue"]}},
    {"name": "Tags", "type": "multipleSelects", "options": {"choices": ["a", "b"]}},
    {"name": "Day", "type": "date"},
    {"name": "Moment", "type": "dateTime"},
    {"name": "No day", "type": "date"},
    {"name": "Friend", "type": "multipleRecordLinks", "options": {"table": "People"}},
    {"name": "Friends ages", "type": "multipleLookupValues", "options": {"link": "Friend", "field": "Age"}},
    {"name": "Sum", "type": "rollup", "options": {"link": "Friend", "field": "Age", "aggregation": "SUM"}},
    {"name": "Made", "type": "createdTime"},
    {"name": "Files", "type": "multipleAttachments"},
    {"name": "Failed", "type": "formula", "options": {"formula": "ERROR()"}},
]
ADA = {
    "Name": "Ada", "Two words": "it's \\ q", "odd}name": "x", "Age": 36, "Zero": 0, "Done": True, "Color": "Red",
    "Tags": ["a", "b"], "Day": "2026-01-31", "Moment": "2026-01-31T00:00:00Z", "Friend": ["2"],
    "Files": [{"url": "https://files.example.com/a.png"}],
}  # fmt: skip
PEOPLE = {"name": "People", "fields": FIELDS, "records": [{"fields": ADA}, {"fields": {"Name": "Bob", "Age": 7}}]}

TRUE = [
    "{Name}='Ada'", "Name = \"Ada\"", "{name}='Ada'", "NAME='Ada'", "Name!='ada'", "{Two words}='it\\'s \\\\ q'",
    "{odd\\}name}='x'", "Age=36", "Age>35.5", "Age>=36", "Age<37", "Age<=36", "Age!=35", "Age>-1", "{Age}=36.0",
    "Name<'B'", "Name>'AA'", "Color='Red'", "Tags='a, b'", "Friend='Bob'",
    "Files='a.png (https://files.example.com/a.png)'",
    "Done", "Done=1", "Done=TRUE()", "Done=TRUE", "{Not done}=0", "{Not done}=FALSE()", "NOT({Not done})",
    "Zero=BLANK()", "{No number}=BLANK()", "{No number}=0", "{No number}=''", "Zero!=''", "Age!=BLANK()",
    "{No number}<1", "BLANK()=BLANK()", "''=BLANK()", "Day=Moment", "Day>Made", "{No day}=BLANK()", "{No day}=''",
    "Day!=''", "''!=Day", "BLANK()!=Name", "Sum=7", "{Friends ages}", "{Friends ages}!=BLANK()", "TRUE", "true()",
    "AND(Done,Age=36)", "and(Done,Age=36)", "OR(Age=1,Age=36)", "NOT(Age=1)", "AND(1,'x',NOT(0))",
    "(1=2)=0", "1<2=1", "1/0", "FIND('d',Name)", "IF(Age>30,'old')", "Age+1=37", "NOT(ISERROR(Age))",
    "NOT(BLANK())", "OR('',0,Name)", "RECORD_ID()='{id}'",
    "OR(RECORD_ID()='no',RECORD_ID()='{id}')",
    " \n AND( Done ,\t{Age} = 36 ) ", "Name='\\Ad\\a'", "'a\\tb'='a\tb'",
]  # fmt: skip
FALSE = [
    "Name='ada'", "Name=''", "Age=0", "Age=BLANK()", "{Not done}", "{Not done}=1", "Done=BLANK()", "NOT(Done)",
    "AND(Done,Age=1)", "OR(Age=1,{Not done})", "BLANK()", "FALSE()", "0", "''", "Zero", "Day=''", "Day<{No day}",
    "{No day}<=Day", "Day=Made", "AND(OR(RECORD_ID()='a'),Done)", "(1=2)=3",
    "ERROR()", "1+'x'", "0/0", "Failed", "AND(Failed,1)", "ARRAYCOMPACT('')",
]  # fmt: skip
SYNTAX = [
    "", " ", "AND(", "AND(Done", "AND(Done,)", "AND(,Done)", "{Name", "Name}", "'Ada", "\"Ada'", "Two words='x'",
    "Age==36", "Age<>36", "Age = ", "= 36", "()", "Age 36", "Done AND Done", "Age^2", "Age%2", "“Ada”=Name", "AND()",
    "OR()", "NOT()", "NOT(1,2)", "IF(1)", "LEN()", "LEN(1,2)", "+1",
    "TRUE(1)", "BLANK(1)", "RECORD_ID(1)", "LAST_MODIFIED_TIME('Name')",
    "LAST_MODIFIED_TIME(Name, 1)", "1.2.3", "Name;", "\\", "#", "Name='a'b'",
]  # fmt: skip


@pytest.fixture(scope="module")
def people():
    (base,) = load({"bases": [{"name": "B", "tables": [PEOPLE]}]})
    return base.table("People")


def includes(people, text):
    ada = next(iter(people.records.values()))
    return compile_formula(parse(text.replace("{id}", ada.id)), people).includes(ada)


@pytest.mark.parametrize("text", TRUE)
def test_a_formula_that_includes_the_record(people, text):
    assert includes(people, text) is True


@pytest.mark.parametrize("text", FALSE)
def test_a_formula_that_leaves_the_record_out(people, text):
    assert includes(people, text) is False


@pytest.mark.parametrize("text", SYNTAX)
def test_what_is_no_formula_is_refused_in_airtables_words(people, text):
    with pytest.raises(FormulaError) as refused:
        compile_formula(parse(text), people)
    assert str(refused.value) == "Invalid formula. Please check your formula text."


def test_unknown_fields_come_before_unknown_functions(people):
    with pytest.raises(FormulaError, match=r"^Unknown field names: nope, fldabc$"):
        compile_formula(parse("FIND({Nope}, {fldABC})"), people)
    with pytest.raises(FormulaError, match=r"^Unknown function names: ISBLANK, COUNTIF$"):
        compile_formula(parse("OR(ISBLANK(Name), countif(Name, 1))"), people)


@pytest.mark.parametrize("deep", ["NOT({})", "({})=1", "AND(1,{})", "IF(1,{})", "ARRAYJOIN({})", "-({})"])
def test_nesting_has_a_limit_and_is_never_a_crash(people, deep):
    fine, far = "1", "1"
    for _ in range(MAX_DEPTH - 1):
        fine = deep.format(fine)
    for _ in range(5000):
        far = deep.format(far)
    assert includes(people, fine) in (True, False)
    with pytest.raises(FormulaError):
        parse(far)


def test_many_parentheses_and_many_arguments_are_no_nesting(people):
    assert includes(people, "(" * 5000 + "1" + ")" * 5000) is True
    assert includes(people, f"AND({','.join(['Done'] * 5000)})") is True


def test_a_formula_beyond_the_length_limit_is_refused():
    with pytest.raises(FormulaError):
        parse("1" * (MAX_LENGTH + 1))


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("a=b", "{a} = {b}"),
        ("AND(a,'x\"y')", 'AND({a}, "x\\"y")'),
        ("a-(b-c)*2", "{a} - ({b} - {c}) * 2"),
        ("(a=b)=c", "{a} = {b} = {c}"),
        ("a=(b=c)", "{a} = ({b} = {c})"),
        ("-(a+1)&'x'", '-({a} + 1) & "x"'),
        ("--1", "--1"),
        ("{a\\}b}=today", "{a\\}b} = TODAY()"),
    ],
)
def test_a_printed_formula_has_the_parentheses_it_needs(text, printed):
    assert print_formula(parse(text)) == printed
    assert parse(printed) == parse(text)
