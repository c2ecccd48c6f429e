"""The examples of docs/ingest/http.md and of the OpenAPI document work as they stand."""

import asyncio
import json
import os
import re
from typing import Any

import httpx
import pytest

from copq.ingest.http.openapi import BINARY, EXAMPLES_BY_TYPE
from tests.acceptance.ingest.http.conftest import DOCS, Standalone
from tests.support.programs import program

PAGE = (DOCS / "ingest" / "http.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(sh|js)\n(.*?)^```\n(?:```(\w*)\n(.*?)^```\n)?", PAGE, re.S | re.M)


async def _run(command: list[str], url: str, text: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "COPQ": url},
    )  # fmt: skip
    out, _ = await process.communicate(text.encode())
    assert process.returncode == 0
    return out.decode()


async def test_every_example_of_the_page_answers_as_it_says(standalone: Standalone) -> None:
    assert len([said for *_, said in BLOCKS if said]) == 9
    for language, text, kind, said in BLOCKS:
        if not said:
            continue
        run = ["sh"] if language == "sh" else [program("node"), "--input-type=module", "-"]
        out = await _run(run, standalone.url, text)
        if kind == "json":
            assert json.loads(out) == json.loads(said), text
        else:
            assert out == said


@pytest.mark.parametrize("kind", EXAMPLES_BY_TYPE)
async def test_every_example_of_the_openapi_document_is_accepted(
    standalone: Standalone, kind: str
) -> None:
    async with httpx.AsyncClient(verify=False, base_url=standalone.url) as client:
        document = (await client.get("/openapi.json")).json()
        content = document["paths"]["/v1/events"]["post"]["requestBody"]["content"][kind]
        assert content["examples"]
        for name, example in content["examples"].items():
            binary = BINARY if "binary" in name else {}
            said = await client.post(
                "/v1/events",
                content=_body(example["value"]),
                headers={"content-type": kind, **binary},
            )
            assert said.status_code == 202, (name, said.text)


def _body(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


async def test_the_page_that_explains_the_service_loads_nothing_from_elsewhere(
    standalone: Standalone,
) -> None:
    async with httpx.AsyncClient(verify=False, base_url=standalone.url) as client:
        page = (await client.get("/docs")).text
        found = re.findall(r'<(?:script|link|img)[^>]* (?:src|href)="([^"]+)"', page)
        assert found and all(address.startswith("/") for address in found), found
        assert not re.search(r'https?://(?!json-schema)[^"\s]*\.(?:js|css|png)', page)
        for address in found:
            assert (await client.get(address)).status_code == 200
