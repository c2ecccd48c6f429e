"""Examples of requests that run as they stand: by curl, from Python and from Node."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from uuid import NAMESPACE_URL, uuid5

_BEARER = "Authorization: Bearer $COPQ_TOKEN"


@dataclass(frozen=True, slots=True)
class Sample:
    """A request to a service at COPQ_URL with the token in COPQ_TOKEN.

    `step` orders the samples, so that each finds what it needs; `role` is what the token is for,
    and `person` tells two people of one role apart. `match` is the address whose ETag is sent as
    If-Match. An act has an Idempotency-Key.
    """

    step: int
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    text: str = ""
    content_type: str = "application/json"
    match: str = ""
    role: str = "finance"
    person: int = 1

    def described(self, more: dict[str, Any] | None = None) -> dict[str, Any]:
        """For `openapi_extra`: the samples, and what `more` says."""
        return {
            **(more or {}),
            "x-copq-sample": {"step": self.step, "role": self.role, "person": self.person},
            "x-codeSamples": [
                {"lang": "Shell", "label": "curl", "source": self.curl()},
                {"lang": "Python", "label": "Python", "source": self.python()},
                {"lang": "JavaScript", "label": "Node", "source": self.node()},
            ],
        }

    @property
    def address(self) -> str:
        return f"{quote(self.path)}?{urlencode(self.query)}" if self.query else quote(self.path)

    def headers(self) -> dict[str, str]:
        found = {"Content-Type": self.content_type} if self.text else {}
        if self.method != "GET":
            key = str(uuid5(NAMESPACE_URL, f"{self.method} {self.address}"))
            found["Idempotency-Key"] = key
        return found

    def curl(self) -> str:
        lines = []
        headers = [_BEARER, *(f"{name}: {value}" for name, value in self.headers().items())]
        if self.match:
            lines.append(
                f'etag=$(curl -fsS -o /dev/null -D - "$COPQ_URL{quote(self.match)}" -H "{_BEARER}" '
                "| sed -n 's/^etag: //Ip' | tr -d '\\r')"
            )
            headers.append("If-Match: $etag")
        sent = "".join(f' \\\n  -H "{header}"' for header in headers)
        body = f" \\\n  --data-binary {_shell(self.text)}" if self.text else ""
        lines.append(f'curl -fsS -X {self.method} "$COPQ_URL{self.address}"{sent}{body}')
        return "\n".join(lines)

    def python(self) -> str:
        lines = [
            "import os", "import httpx", "",
            'token = os.environ["COPQ_TOKEN"]',
            "copq = httpx.Client(",
            '    base_url=os.environ["COPQ_URL"], headers={"Authorization": f"Bearer {token}"}',
            ")",
            f"headers = {self.headers()!r}",
        ]  # fmt: skip
        if self.match:
            lines.append(f'headers["If-Match"] = copq.get({self.match!r}).headers["etag"]')
        body = f", content={self.text!r}.encode()" if self.text else ""
        lines += [
            f"answer = copq.request({self.method!r}, {self.address!r}, headers=headers{body})",
            "print(answer.raise_for_status().text)",
        ]
        return "\n".join(lines)

    def node(self) -> str:
        lines = [
            "const { COPQ_URL, COPQ_TOKEN } = process.env;",
            f"const headers = {json.dumps(self.headers())};",
            "headers.Authorization = `Bearer ${COPQ_TOKEN}`;",
        ]
        if self.match:
            lines += [
                f"const read = await fetch(COPQ_URL + {json.dumps(self.match)}, {{ headers }});",
                'headers["If-Match"] = read.headers.get("etag");',
            ]
        body = f", body: {json.dumps(self.text)}" if self.text else ""
        lines += [
            f"const answer = await fetch(COPQ_URL + {json.dumps(self.address)}, "
            f'{{ method: "{self.method}", headers{body} }});',
            "if (!answer.ok) throw new Error(await answer.text());",
            "console.log(await answer.text());",
        ]
        return "\n".join(lines)


def _shell(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
