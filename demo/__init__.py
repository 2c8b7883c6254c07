"""The headline of the platform as one command: `make demo`.

Acts as a client with the development key, checks every result it gets, breaks the platform on purpose
and reports what a client saw, with timings and trace ids. Exit 0 only if every check held.
"""
