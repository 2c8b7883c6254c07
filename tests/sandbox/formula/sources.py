"""Where the value of a golden comes from. What is not listed was made up by us and is `unverified`.

No golden was compared with a real Airtable: a source says what a function does, and the value follows from that.
Blanks, wrong types, bounds and errors are described nowhere, so all goldens about them are unverified.
"""

UNVERIFIED = "unverified"
REFERENCE = "description of the function in https://support.airtable.com/docs/formula-field-reference"
ARRAYS = "https://support.airtable.com/docs/en/using-array-functions-in-airtable"
MOMENT = "https://momentjs.com/docs/#/displaying/format/ and /parsing/string-format/, whose tokens Airtable documents"
RE2 = "https://github.com/google/re2/wiki/Syntax, which Airtable documents as the language of its REGEX functions"
RECORDED = "assertions of pyairtable's integration tests, which its maintainers run against Airtable"

_SOURCES = {
    REFERENCE: [
        "AND(1, 0)", "OR(0, 1)", "NOT(0)", "NOT(1)", "XOR(1, 1, 1)", "XOR(1, 1)", "XOR(1, 0)", "XOR(0, 0)",
        "IF(1, 'a', 'b')", "IF(0, 'a', 'b')", "SWITCH({Name}, 'Bob', 1, 'Ada', 2)", "SWITCH(3, 1, 'a', 'else')",
        "TRUE()", "TRUE()=1", "FALSE()", "FALSE()+1", "BLANK()", "ERROR()",
        "ISERROR(1)", "ISERROR({Failed})", "ISERROR(ERROR())",
        "RECORD_ID()", "CREATED_TIME()", "LAST_MODIFIED_TIME()",
        "LAST_MODIFIED_TIME({Name}, {N})", "NOW()", "TODAY()", "HOUR(TODAY())",
        "ABS(-3)", "ABS(2.5)", "ABS(0)", "ABS(-2.5)", "AVERAGE(1, 2, 6)", "AVERAGE(1, 2)", "CEILING(2.1)",
        "CEILING(2.1, 0.5)", "CEILING(-2.1)", "CEILING(7, 5)", "COUNT(1, 'x', BLANK())", "COUNT(1, 2, 'four')",
        "COUNTA(1, 'x', BLANK(), '')", "COUNTA(1, 'four')", "COUNTALL(1, 'x', BLANK())", "COUNTALL(1, 2, 3)",
        "EVEN(3)", "EVEN(2)", "EVEN(0.1)", "EXP(0)", "EXP(1)", "EXP(2)", "FLOOR(2.9)", "FLOOR(2.9, 0.5)",
        "FLOOR(-2.1)", "FLOOR(7, 5)", "INT(1.9)", "INT(-1.1)", "INT(3)", "LOG(1000)", "LOG(8, 2)", "LOG(1)",
        "LOG(9, 3)", "MAX(1, 3, 2)", "MAX(-1, -2)", "MIN(1, 3, 2)", "MOD(7, 3)", "MOD(7.5, 2)", "ODD(2)", "ODD(1)",
        "ODD(-2)", "ODD(1.1)", "POWER(2, 10)", "POWER(4, 0.5)", "ROUND(2.5)", "ROUND(-2.5)", "ROUND(36.46, 1)",
        "ROUNDDOWN(2.99)", "ROUNDDOWN(1.9, 0)", "ROUNDUP(2.01)", "ROUNDUP(1.1, 0)", "SQRT(9)", "SQRT(2)",
        "SQRT(10000)", "SUM(1, 2, 3)", "SUM(0.5, 0.5)", "CONCATENATE('a', 1, 'b')",
        "ENCODE_URL_COMPONENT('a b/c')", "ENCODE_URL_COMPONENT('-_.~')", "FIND('d', 'Ada')", "FIND('D', 'Ada')",
        "SEARCH('x', 'Ada')", "LEFT('abc', 2)", "RIGHT('abc', 2)", "MID('abcd', 2, 2)", "LEN('abc')",
        "LEN('quick brown fox')", "LOWER('AbC')", "UPPER('AbC')", "TRIM('  a b ')", "REPT('ab', 3)",
        "REPLACE('abcd', 2, 2, 'X')", "REPLACE('database', 2, 5, 'o')", "SUBSTITUTE('a-b-c', '-', '+')",
        "SUBSTITUTE('a-b-c', '-', '+', 2)", "T('a')", "T('text only')", "T(1)", "VALUE('42')",
        "REGEX_MATCH('Ada', '^A')", "REGEX_MATCH('Ada', '^d')", "REGEX_EXTRACT('call 555-1234', '[0-9]+-[0-9]+')",
        "REGEX_REPLACE('a1b22', '[0-9]+', '#')", "DATEADD({Day}, -1, 'days')", "DATESTR({At})", "DATESTR({Day})",
        "TIMESTR({At})", "DATETIME_DIFF('2026-02-02', '2026-01-31', 'days')", "DATETIME_DIFF({Day}, {At}, 'hours')",
        "YEAR({Day})", "YEAR({At})", "MONTH({Day})", "MONTH({At})", "DAY({Day})", "DAY({At})", "HOUR({At})",
        "HOUR({Day})", "MINUTE({At})", "SECOND({At})", "WEEKDAY({Day})", "WEEKDAY('2026-02-01')",
        "WEEKDAY('2026-02-01', 'Monday')", "WEEKDAY('2026-02-02', 'Monday')", "WEEKNUM('2026-01-01')",
        "IS_AFTER({At}, {Day})", "IS_AFTER({Day}, {At})", "IS_BEFORE({Day}, {At})", "IS_BEFORE({Day}, {Day})",
        "IS_SAME({Day}, {At}, 'day')", "IS_SAME({Day}, '2026-01-02', 'month')",
        "IS_SAME({Day}, '2026-12-31', 'year')", "FROMNOW(DATEADD(NOW(), 25, 'days'))",
        "TONOW(DATEADD(NOW(), -25, 'days'))", "WORKDAY('10/16/2020', 10, '10/16/2020, 10/19/2020')",
        "WORKDAY({Day}, 1)", "WORKDAY_DIFF('10/16/2020', '11/02/2020', '10/16/2020, 10/19/2020')",
    ],
    ARRAYS: [
        "ARRAYJOIN({Names}, '; ')", "ARRAYUNIQUE({Names})", "ARRAYUNIQUE({Numbers})",
        "ARRAYCOMPACT(ARRAYFLATTEN('a', '', BLANK(), 0, ' '))", "ARRAYFLATTEN({Names}, {Numbers})",
        "ARRAYSLICE({Numbers}, 2)", "ARRAYSLICE({Names}, 1, 2)", "ARRAYSLICE({Names}, -2)",
    ],
    MOMENT: [
        "DATEADD({Day}, 1, 'month')", "DATETIME_FORMAT({At}, 'YYYY-MM-DD HH:mm:ss.SSS')", "DATETIME_FORMAT({At})",
        "DATETIME_FORMAT({At}, 'dddd, MMMM Do YYYY, h:mm A')", "DATETIME_FORMAT({Day}, '[Week] w [of] YY')",
        "DATETIME_FORMAT({Day}, 'Q Qo D DDD DDDD d E W GGGG')", "DATETIME_FORMAT({At}, 'L LT LTS l')",
        "DATETIME_FORMAT({At}, 'LL; LLL; LLLL')", "DATETIME_FORMAT('2026-01-12', 'Do')",
        "DATETIME_PARSE('31.01.2026', 'DD.MM.YYYY')", "DATETIME_PARSE('4 Mar 2017 23:00', 'D MMM YYYY HH:mm')",
        "DATETIME_PARSE('1769850930', 'X')", "DATETIME_PARSE('1769850930500', 'x')", "DATETIME_PARSE('70', 'YY')",
        "DATETIME_FORMAT(SET_TIMEZONE({At}, 'America/New_York'), 'YYYY-MM-DD HH:mm z')",
        "DATETIME_FORMAT(SET_TIMEZONE({At}, 'Asia/Kolkata'), 'HH:mm Z')",
        "DATETIME_FORMAT(SET_TIMEZONE({At}, 'Asia/Tokyo'), 'HH:mm')",
        "DATETIME_FORMAT(SET_LOCALE({Day}, 'de'), 'dddd, D. MMMM')", "DATETIME_FORMAT(SET_LOCALE({Day}, 'fr'), 'LL')",
        "DATETIME_FORMAT(SET_LOCALE({Day}, 'es-mx'), 'LL')", "DATETIME_FORMAT(SET_LOCALE({Day}, 'en-gb'), 'L')",
    ],
    RE2: [
        "REGEX_MATCH('aa', '(a)\\\\1')", "REGEX_MATCH('a', '(?=a)')", "REGEX_MATCH('ADA', '(?i)ada')",
        "REGEX_EXTRACT('<a><b>', '<.+?>')", "REGEX_REPLACE('abc', '', '-')",
    ],
    RECORDED: [
        "FIND('2026-01-31', {At})", "DATETIME_PARSE('2023-12-01T05:00:00.000Z')",
        "DATETIME_PARSE('2023-12-01T05:00:00.000')",
    ],
}  # fmt: skip
SOURCE = {formula: source for source, formulas in _SOURCES.items() for formula in formulas}


def source_of(formula: str) -> str:
    return SOURCE.get(formula, UNVERIFIED)
