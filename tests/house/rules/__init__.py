"""The repository's own rules, each a function from a root folder to the sentences that say what breaks it.

Taking the root as a parameter is what lets a test plant a violation in a small made-up tree.
"""
