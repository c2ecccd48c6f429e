"""What a request needs is away: answered with 503."""


class Unavailable(Exception):
    """Nothing is known to be stored: the client sends all of it again later."""

    def __init__(self, what: str, retry_after: int = 5) -> None:
        super().__init__(what)
        self.retry_after = retry_after
