"""Reasons to end a request before its body."""


class TurnedAway(Exception):
    """The request is answered with `status` at once; the rest of its body is not read."""

    def __init__(self, status: int, why: str, **headers: str) -> None:
        super().__init__(why)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class ClientGone(Exception):
    """The client has closed the connection."""
