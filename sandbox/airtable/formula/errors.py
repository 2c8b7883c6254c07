"""Why a formula is refused, in the words that follow "The formula for filtering records is invalid: "."""


class FormulaError(Exception):
    pass


def syntax() -> FormulaError:
    return FormulaError("Invalid formula. Please check your formula text.")


def unknown_fields(names: list[str]) -> FormulaError:
    """Airtable shows the names in lower case (recorded)."""
    return FormulaError(f"Unknown field names: {', '.join(name.lower() for name in names)}")


def unknown_functions(names: list[str]) -> FormulaError:
    """Unverified."""
    return FormulaError(f"Unknown function names: {', '.join(names)}")
