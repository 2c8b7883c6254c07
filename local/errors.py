"""The one exception a person at the terminal is meant to read."""


class SetupError(Exception):
    """This machine cannot run the platform as it is: the text says what is wrong and what to do.

    It holds no secret and is shown without a stack trace.
    """
