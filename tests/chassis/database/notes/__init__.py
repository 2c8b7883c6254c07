"""As little of an app as has a database."""
