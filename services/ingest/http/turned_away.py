"""Why a request ends before its body does."""


class TurnedAway(Exception):
    """The request is answered with `status` now; what it sends after this is not read."""

    def __init__(self, status: int, why: str, **headers: str) -> None:
        super().__init__(why)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class ClientGone(Exception):
    """Nobody is there to be answered."""
