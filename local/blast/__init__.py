"""Blast radius: kill each component in turn under the load of all user journeys, and tell which journeys failed."""
