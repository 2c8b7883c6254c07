"""HTTP in: `traces` for people and `why`, `otlp` for whoever has spans."""
