"""Airtable's formula language: parsed in full, evaluated for the subset that the README names.

What is not evaluated yet is refused by name; a formula never gives a result that Airtable would not give.
"""

from sandbox.airtable.formula.compiler import Compiled, compile_formula
from sandbox.airtable.formula.errors import FormulaError
from sandbox.airtable.formula.parser import parse
from sandbox.airtable.formula.printer import print_formula

__all__ = ["Compiled", "FormulaError", "compile_formula", "parse", "print_formula"]
