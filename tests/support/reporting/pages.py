"""A page as a reader gets it: its tables, and the figures that open entries."""

from dataclasses import dataclass
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.support.reporting.api.asking import Api


@dataclass
class Link:
    """A link with its text; `title` holds the exact figure."""

    href: str
    title: str
    text: str = ""

    @property
    def entries(self) -> dict[str, str]:
        """The filters of the entries that it opens; empty if it opens none."""
        asked = dict(parse_qsl(urlsplit(self.href).query, keep_blank_values=True))
        return dict(parse_qsl(asked.get("entries", ""), keep_blank_values=True))

    @property
    def figure(self) -> Decimal:
        """The exact figure in the title: `19.062 EUR: open the entries`."""
        return Decimal(self.title.split(" ", 1)[0].replace(",", "").replace("−", "-"))


class Html(HTMLParser):
    """The links, and the text of the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[Link] = []
        self.rows: list[list[str]] = []
        self._words: list[str] = []
        self._open: Link | None = None
        self.feed(text)
        self.text = " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = dict(attrs)
        if tag == "a":
            self._open = Link(of.get("href") or "", of.get("title") or "")
            self.links.append(self._open)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._open = None

    def handle_data(self, data: str) -> None:
        self._words.append(data)
        if self._open is not None:
            self._open.text += data
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip()

    @property
    def table(self) -> dict[str, list[str]]:
        """The rows of the tables by their name; of equal names the first."""
        found: dict[str, list[str]] = {}
        for row in self.rows:
            if row:
                found.setdefault(row[0], row[1:])
        return found


async def page(api: Api, path: str, status: int = 200, **asked: Any) -> Html:
    """The page at a path."""
    answer: httpx.Response = await api.client.get(path, params=asked)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    return Html(answer.text)


async def entries_agree(api: Api, shown: Html) -> int:
    """How many figures of the page open entries; each is the sum of them."""
    opened = [link for link in shown.links if link.entries]
    for link in opened:
        said = await api.get("/v1/entries", **link.entries)
        name = "base" if link.entries.get("element") == "production" else "net"
        if name == "base" or "open the entries" not in link.title:
            continue
        currency = link.title.split(":", 1)[0].split()[-1]
        sums = [Decimal(one["net"]) for one in said["figures"] if one["currency"] == currency]
        places = -link.figure.as_tuple().exponent  # type: ignore[operator]
        assert round(sum(sums), max(places, 0)) == link.figure, (link, said["figures"])
    return len(opened)
