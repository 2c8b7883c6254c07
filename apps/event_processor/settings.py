"""What can be set, as EVENT_PROCESSOR_<NAME>; a wrong value stops the start."""

from chassis import AppSettings


class Settings(AppSettings):
    """Nothing beside what every app has."""
