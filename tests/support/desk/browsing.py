"""A person who fills in the forms of the desk, without a real browser."""

import html
import re

import httpx

ADA, BEN, MIA = (
    {"Authorization": f"Bearer {who}"} for who in ("finance:ada", "finance:ben", "manager:mia")
)


class Browser:
    """A person with the pages' forms: fields that are hidden are sent as they are."""

    def __init__(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self.client, self.headers = client, headers
        self.page = ""

    async def open(self, path: str, status: int = 200) -> str:
        answer = await self.client.get(path, headers=self.headers)
        assert answer.status_code == status, answer.text
        self.page = answer.text
        return self.page

    async def send(self, path: str, status: int = 200, **filled: str) -> str:
        hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.page)
        fields = {name: html.unescape(value) for name, value in hidden} | filled
        answer = await self.client.post(
            path, headers=self.headers, data=fields, follow_redirects=True
        )
        assert answer.status_code == status, answer.text
        self.page = answer.text
        return self.page

    async def upload(
        self, data: bytes, name: str = "rates.yaml", status: int = 200,
        path: str = "/finance/rates/check", **filled: str,
    ) -> str:  # fmt: skip
        answer = await self.client.post(
            path, headers=self.headers, files={"file": (name, data)}, data=filled,
            follow_redirects=True,
        )  # fmt: skip
        assert answer.status_code == status, answer.text
        self.page = answer.text
        return self.page
