"""A simulator of the Airtable Web API. `python -m sandbox.airtable --help` starts it; see README.md."""
