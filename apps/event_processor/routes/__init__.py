"""/api/v1/events."""
