"""Seeds: a document that says which bases there are and what is in them. The format is described in README.md."""

from sandbox.airtable.seed.access import Access
from sandbox.airtable.seed.loading import OWNER, load
from sandbox.airtable.seed.reading import InvalidSeed, read_seed

__all__ = ["OWNER", "Access", "InvalidSeed", "load", "read_seed"]
