"""`pyat`: the platform from a terminal. Speaks only to the gateway."""
