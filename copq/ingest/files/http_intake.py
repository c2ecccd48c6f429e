"""An intake that is a copq service elsewhere: events go to its `/v1/events` as NDJSON."""

from typing import Any

import httpx

from copq.access.sender import ANYONE, Sender
from copq.ingest.files.faults import NotAnIntake
from copq.ingest.intake import Answer, Status
from copq.schemas.refusal import Refusal
from copq.web.unavailable import Unavailable

_ANSWERED = (202, 207, 422)
_LATER = 429
_SERVER_FAILS = 500
_HEADERS = {"content-type": "application/x-ndjson"}


class HttpIntake:
    """Posts a batch and reads the answers. The caller opens and closes the client."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client = client
        self._events = f"{url.rstrip('/')}/v1/events"

    async def accept(self, raws: list[bytes], sender: Sender = ANYONE) -> list[Answer]:
        """As `Intake.accept`, but the copq elsewhere says who sends.

        Also raises `NotAnIntake`, which no second try will fix.
        """
        try:
            response = await self._client.post(
                self._events, content=b"\n".join(raws), headers=_HEADERS
            )
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise Unavailable(f"{self._events}: {reason}", retry_after=0) from error
        if response.status_code == _LATER or response.status_code >= _SERVER_FAILS:
            raise Unavailable(f"{self._events}: {_status(response)}", _retry_after(response))
        return self._answers(response, len(raws))

    def _answers(self, response: httpx.Response, sent: int) -> list[Answer]:
        if response.status_code not in _ANSWERED:
            raise NotAnIntake(f"{self._events}: {_status(response)}{_hint(response)}")
        try:
            answers = [_answer(given) for given in response.json()["answers"]]
        except (ValueError, KeyError, TypeError) as error:
            raise NotAnIntake(f"{self._events}: answers otherwise than a copq: {error}") from None
        if len(answers) != sent:
            raise NotAnIntake(f"{self._events}: {len(answers)} answers to {sent} events")
        return answers


def _answer(given: dict[str, Any]) -> Answer:
    status = Status(given["status"])
    if status is not Status.REFUSED:
        return Answer(status, given.get("event_id"), note=given.get("note"))
    code, field, message = (given.get(name) or "" for name in ("code", "field", "message"))
    return Answer(status, given.get("event_id"), Refusal(code, field, message))


def _status(response: httpx.Response) -> str:
    return f"HTTP {response.status_code} {response.reason_phrase}"


_TURNED_AWAY = {
    401: "; give a token that is valid: COPQ_TOKEN or --token",
    403: "; the token must be an operator's",
}


def _hint(response: httpx.Response) -> str:
    """What to do about it, where it is the token."""
    return _TURNED_AWAY.get(response.status_code, "")


def _retry_after(response: httpx.Response) -> int:
    """Seconds; the header may also be a date, which is not worth reading for so short a wait."""
    text = response.headers.get("retry-after", "")
    return int(text) if text.isdecimal() else 1
