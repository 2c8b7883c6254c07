"""Airtable's formula language: `parse` makes a tree of a text, `compile_formula` a function of a record of the tree."""

from sandbox.airtable.formula.compiler import Compiled, compile_formula, compile_rollup, field_names
from sandbox.airtable.formula.errors import FormulaError
from sandbox.airtable.formula.parser import parse
from sandbox.airtable.formula.printer import print_formula
from sandbox.airtable.formula.values import EvaluationError

__all__ = [
    "Compiled",
    "EvaluationError",
    "FormulaError",
    "compile_formula",
    "compile_rollup",
    "field_names",
    "parse",
    "print_formula",
]
