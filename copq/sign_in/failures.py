"""What a person sees who could not sign in: what is wrong, and what to do next."""

from collections.abc import Iterable


class Failure(Exception):
    """Shown in place of the page. `retry` is where the person may try again."""

    def __init__(
        self, status: int, title: str, message: str, other: bool = False, go_to: str = ""
    ) -> None:
        super().__init__(message)
        self.status, self.title, self.message = status, title, message
        self.other, self.go_to = other, go_to

    def again(self, go_to: str) -> "Failure":
        """The same, with the page that the person wanted to see."""
        return Failure(self.status, self.title, self.message, self.other, go_to)

    @staticmethod
    def stale() -> "Failure":
        return Failure(
            400, "Sign in once more",
            "This sign-in was used already, took longer than ten minutes, or was begun in another "
            "browser. Nothing was done.",
        )  # fmt: skip

    @staticmethod
    def no_role(why: str) -> "Failure":
        return Failure(403, "No role here", f"{why[:1].upper()}{why[1:]}.", other=True)

    @staticmethod
    def refused(error: str, description: str) -> "Failure":
        said = f"{error[:80]}: {description[:200]}" if description else error[:80]
        return Failure(403, "Not signed in", f'The sign-in service refused it: "{said}".')

    @staticmethod
    def away() -> "Failure":
        return Failure(
            503, "Not available now",
            "The sign-in service does not answer. Try again in a minute, or sign in by a token.",
        )  # fmt: skip

    @staticmethod
    def malformed() -> "Failure":
        return Failure(
            502, "Not signed in",
            "The sign-in service gave an answer that cannot be used. The log of COPQ says why: "
            "tell the person who runs it, or sign in by a token.",
        )  # fmt: skip

    @staticmethod
    def elsewhere(addresses: Iterable[str]) -> "Failure":
        return Failure(
            421, "Open another address",
            f"People sign in at {' or '.join(addresses)}: open the page there.",
        )  # fmt: skip
