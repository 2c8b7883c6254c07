"""What can be set, as SCHEMA_SERVICE_<NAME>; a wrong value stops the start."""

from chassis import AppSettings


class Settings(AppSettings):
    """Nothing beside what every app has."""
