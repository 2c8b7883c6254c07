"""The gateway's rules: which app serves a path, what may pass, and why a request failed."""
