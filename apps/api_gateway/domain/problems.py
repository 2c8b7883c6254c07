"""The gateway's own problems."""

from chassis import AppError


class ClientGone(AppError):
    """Nobody is there to read it; 499 is what access logs call it."""

    code, status, title, fault = "request.abandoned", 499, "The client went away", "client"


class UnknownProblem(AppError):
    code, status, title, fault = "problem.unknown", 404, "There is no such problem code", "client"
