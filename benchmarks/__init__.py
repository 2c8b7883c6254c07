"""Measured claims, each a ratio of two things run side by side in one process of measurement.

`make bench` runs all; each prints what it compared and writes `benchmarks/results/<name>.json`.
Absolute figures belong to the machine they were taken on; the ratios are the claim.
"""
