"""HTTP in: `ingest` for apps, the rest for people."""
