"""Every page of a service, found from its routes: a new one is among them by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from starlette.routing import Match, Route

from copq.access.door import Role
from tests.support.desk.at_work import AtWork

NAMES = {
    Role.FINANCE: "finance:ada", Role.MANAGER: "manager:mia", Role.OPERATOR: "operator:olga",
    Role.ADMIN: "admin:ann",
}  # fmt: skip
"""Who looks at a page: the first whose role gets in."""
_ADDRESSES = (
    "/finance/rates/1", "/finance/rates/2", "/finance/months/north/2026-01",
    "/finance/months/north/2026-02", "/finance/repricing/1", "/finance/proofs/2",
    "/finance/files/currencies/EUR",
    "/quality/rejected/1",
    "/report?plant=north&by=line", "/why?plant=north&month=2026-02&weeks=1",
    "/problems?plant=north&month=2026-02", "/planner?savings=1000000&currency=EUR",
    "/what-if?plant=north&month=2026-02&change=halve+code=loose", "/pack?plant=north&month=2026-02",
    "/finance/projects/north/caps", "/quality/projects/north/caps",
    "/projects?plant=north", "/projects/north/caps", "/form?line=north/L1", "/form/none",
)  # fmt: skip
"""Of pages whose path has a name or a number in it, or that answer a question."""
_AT_FAULT = (
    "/finance/audit?table=nothing", "/finance/months/nort/2026-03", "/finance/rates/99",
    "/finance/repricing/99", "/nowhere", "/quality/rejected/99", "/projects/north/none",
    "/report?plant=nort",
)  # fmt: skip
_NO_PAGES = ("/v1/", "/pages/", "/board/", "/desk/", "/static", "/openapi", "/docs")
"""The page `/docs` is Swagger UI's own."""


@dataclass(frozen=True, slots=True)
class Place:
    """A page as one person sees it."""

    address: str
    by: str

    @property
    def name(self) -> str:
        return "-".join(self.address.strip("/").replace("?", "/").split("/")) or "board"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.by}"} if self.by else {}


def page_routes(site: AtWork) -> list[Route]:
    """The routes that a browser can open."""
    return [
        route for route in _routes(site.app)
        if "GET" in (route.methods or ()) and not route.path.startswith(_NO_PAGES)
    ]  # fmt: skip


def _routes(of: Any) -> Iterator[Route]:
    """Also of routers that were included."""
    for one in of.routes:
        if isinstance(one, Route):
            yield one
        elif hasattr(one, "original_router"):
            yield from _routes(one.original_router)


def without_address(site: AtWork) -> list[str]:
    """Pages that nobody would look at: `_ADDRESSES` has none for them."""
    asked = [address.partition("?")[0] for address in _ADDRESSES]
    return [
        route.path for route in page_routes(site)
        if "{" in route.path and not any(_is_of(route, path) for path in asked)
    ]  # fmt: skip


def _is_of(route: Route, path: str) -> bool:
    return route.matches({"type": "http", "method": "GET", "path": path})[0] is Match.FULL


async def first_places(site: AtWork) -> list[Place]:
    """The pages without a name in their path, each for the first role that gets in."""
    paths = sorted({route.path for route in page_routes(site) if "{" not in route.path})
    return [place for path in paths if (place := await _place(site, path, (200,)))]


async def every_place(site: AtWork) -> list[Place]:
    found = [await _place(site, address, (200, 404)) for address in _ADDRESSES]
    return [*await first_places(site), *filter(None, found)]


async def places_at_fault(site: AtWork) -> list[Place]:
    """Pages that say what is wrong; two are for another role, one is for nobody yet."""
    found = [await _place(site, address, (404, 422)) for address in _AT_FAULT]
    assert None not in found, "a fault has no page"
    others = [Place("/finance", "manager:mia"), Place("/", "operator:olga"), Place("/login", "")]
    return [*filter(None, found), *others]


async def _place(site: AtWork, address: str, wanted: tuple[int, ...]) -> Place | None:
    for by in NAMES.values():
        asked = {"Accept": "text/html", **Place(address, by).headers}
        answer = await site.client.get(address, headers=asked)
        is_page = answer.headers.get("content-type", "").startswith("text/html")
        if answer.status_code in wanted and is_page:
            return Place(address, by)
        assert answer.status_code < 500, (address, answer.text)
    return None
