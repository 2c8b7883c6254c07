"""Why something is not done; the message says what to do instead."""


class Refused(Exception):
    pass
