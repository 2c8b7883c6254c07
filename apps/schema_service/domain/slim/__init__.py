"""The slim view: a schema in as few tokens as a language model needs to use it, and back again.

    # Deals                         a table; the first field is the primary one
    // Everything we try to sell    what the thing above is for
    Name                            a single line of text
    Company>>Companies              a link to Companies, meant for one record; `>` for many
    Contacts>                       a link to the table of the same name
    Stage=Lead|Won|Lost             a choice; `[]=` for several
    Amount:€2                       a currency: symbol, decimals
    Contact count#Contacts          how many records a link has
    Industry<Company                a lookup: the field of the same name along a link; `<Company.Sector`
    Total~Deals.Amount              a rollup of a field along a link
    Open:=NOT({Done})               a formula; a type before `:=` says what it gives, a number when absent

What looks alone say (colours, icons) and the ids are left out, and so are views; names are unique, so ids are found by
them. Options that have no short form follow as JSON.
"""

from apps.schema_service.domain.slim.outline import outline
from apps.schema_service.domain.slim.reading import NotSlim, expand
from apps.schema_service.domain.slim.tokens import tokens
from apps.schema_service.domain.slim.writing import slim

__all__ = ["NotSlim", "expand", "outline", "slim", "tokens"]
