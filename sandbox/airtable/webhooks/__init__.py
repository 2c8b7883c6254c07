"""Webhooks: payloads of what happened in a base, kept for a week, and pings that say there are some."""
