"""All functions of the language by their names, one module per family."""

from sandbox.airtable.formula.functions.array import ARRAY
from sandbox.airtable.formula.functions.date import DATE
from sandbox.airtable.formula.functions.family import Function, Takes
from sandbox.airtable.formula.functions.logic import LOGIC
from sandbox.airtable.formula.functions.number import NUMBER
from sandbox.airtable.formula.functions.record import RECORD
from sandbox.airtable.formula.functions.text import TEXT
from sandbox.airtable.formula.functions.workday import WORKDAY

FUNCTIONS: dict[str, Function] = LOGIC | TEXT | NUMBER | DATE | WORKDAY | RECORD | ARRAY
#: May be written without parentheses.
CONSTANTS = frozenset({"TRUE", "FALSE", "BLANK", "NOW", "TODAY"})

__all__ = ["CONSTANTS", "FUNCTIONS", "Function", "Takes"]
