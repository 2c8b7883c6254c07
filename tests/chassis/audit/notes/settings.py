from chassis import AppSettings


class Settings(AppSettings, app_id="note-service"):
    """Nothing of its own."""
