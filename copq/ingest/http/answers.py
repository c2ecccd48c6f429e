"""The answers to the events of one request, in order, as JSON."""

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO

import msgspec

from copq.ingest.intake import Answer, Status
from copq.web.unavailable import Unavailable

IN_MEMORY = 256 * 1024
"""Answers beyond it lie in a temporary file until the body has ended."""

_PIECE = 64 * 1024
_FULL_S = 30
"""A disk is not emptied sooner."""

_encode = msgspec.json.Encoder().encode


class _AnswerJson(msgspec.Struct, omit_defaults=True, gc=False):
    position: int
    status: str
    event_id: str | None = None
    code: str | None = None
    field: str | None = None
    message: str | None = None
    note: str | None = None


class Answers:
    """Collects the intake's answers by `add`, chunk by chunk; then gives `status` and `body`.

    With `only_refused`, the accepted and the duplicates are counted and not listed.
    """

    def __init__(self, only_refused: bool = False) -> None:
        self._only_refused = only_refused
        self._counts = dict.fromkeys(Status, 0)
        self._file: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        self._size = 0

    @property
    def total(self) -> int:
        """How many events, from the start of the body, are answered."""
        return sum(self._counts.values())

    def add(self, answers: list[Answer]) -> None:
        """Add answers. Raises `Unavailable` if the disk is full; earlier answers stay."""
        listed = _encode(self._listed_answers(answers))[1:-1]
        if listed:
            self._write((b"," if self._size else b"") + listed)
        for status in Status:
            self._counts[status] += sum(a.status is status for a in answers)

    def _listed_answers(self, answers: list[Answer]) -> list[_AnswerJson]:
        return [
            _answer_json(position, answer)
            for position, answer in enumerate(answers, self.total)
            if not self._only_refused or answer.refusal is not None
        ]

    def _write(self, text: bytes) -> None:
        try:
            self._file.seek(self._size)
            self._file.write(text)
            self._file.flush()
        except OSError as error:
            why = f"the answers cannot be kept until the body has ended ({error})"
            raise Unavailable(why, _FULL_S) from error
        self._size += len(text)

    @property
    def preference(self) -> dict[str, str]:
        """The header that says which preference of the request was applied (RFC 7240)."""
        return {"preference-applied": "return=minimal"} if self._only_refused else {}

    @property
    def status(self) -> int:
        """202 if no event is refused, 207 if some are, 422 if all are."""
        refused = self._counts[Status.REFUSED]
        if not refused:
            return 202
        return 422 if refused == self.total else 207

    def body(self, error: str | None = None) -> tuple[int, Iterator[bytes]]:
        """The length of the body, and the body in pieces."""
        head: dict[str, object] = {status.value: n for status, n in self._counts.items()}
        if error is not None:
            head |= {"answered": self.total, "error": error}
        start = _encode(head)[:-1] + b',"answers":['
        return len(start) + self._size + 2, self._pieces(start)

    def _pieces(self, start: bytes) -> Iterator[bytes]:
        if self._size <= _PIECE:
            self._file.seek(0)
            yield start + self._file.read(self._size) + b"]}"
            return
        yield start
        for at in range(0, self._size, _PIECE):
            self._file.seek(at)
            yield self._file.read(min(_PIECE, self._size - at))
        yield b"]}"

    def close(self) -> None:
        self._file.close()


def _answer_json(position: int, answer: Answer) -> _AnswerJson:
    why = answer.refusal
    if why is None:
        return _AnswerJson(position, answer.status.value, answer.event_id, note=answer.note)
    return _AnswerJson(
        position, answer.status.value, answer.event_id, why.code, why.field, why.message
    )
