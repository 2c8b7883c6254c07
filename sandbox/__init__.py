"""Simulated outside systems, for developing and testing without keys. Stands alone: imports nothing of the platform."""
