"""A body that is too large is refused; it may be read on, so that its sender sees the answer."""

from typing import Any

import pytest
from fastapi import HTTPException, Request

from copq.web.body import read_body


@pytest.mark.parametrize(("thrown_away", "parts"), [(0, 2), (100, 4), (1_000, 7)])
async def test_what_is_too_large_is_read_on_up_to_a_bound(thrown_away: int, parts: int) -> None:
    sent = [{"type": "http.request", "body": b"x" * 60, "more_body": n < 6} for n in range(7)]
    read: list[dict[str, Any]] = []

    async def receive() -> Any:
        read.append(sent[len(read)])
        return read[-1]

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    with pytest.raises(HTTPException) as refused:
        await read_body(request, 100, thrown_away)
    assert refused.value.status_code == 413
    assert len(read) == parts


async def test_a_last_piece_that_is_too_much_is_refused() -> None:
    async def receive() -> Any:
        return {"type": "http.request", "body": b"x" * 101, "more_body": False}

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    with pytest.raises(HTTPException) as refused:
        await read_body(request, 100, 1_000)
    assert refused.value.status_code == 413
