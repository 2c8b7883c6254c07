"""What an event is, and what led to what. Pure."""
