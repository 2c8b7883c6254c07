"""Pure rules: what an entry is, how entries are chained and proven, what a signed note says."""
