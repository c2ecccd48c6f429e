"""A server that a request needs does not answer: 503."""


class Unavailable(Exception):
    """It is unknown whether anything was stored: the client sends all of it again later."""

    def __init__(self, what: str, retry_after: int = 5) -> None:
        super().__init__(what)
        self.retry_after = retry_after
