"""The rules: what the limits are, whose turn it is, when a caller's turn comes, what a rule would have done."""
