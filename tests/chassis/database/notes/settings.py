from chassis import AppSettings


class Settings(AppSettings, app_id="note-service"):
    """What a test changes: `database_pool`, `database_statement_timeout`."""
