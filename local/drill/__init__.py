"""Fault drill: break one thing at a time on a running mesh, ask the platform why, and count how often it is right."""
