"""What a token may ask a second holds for results too, whatever the route."""

from copq.access.door import Bearer, TooMuch
from tests.support.reporting.api.asking import Api, RoleDoor


class Spent(RoleDoor):
    """Nobody has a request left."""

    def charge(self, bearer: Bearer, requests: int = 0, events: int = 0, size: int = 0) -> None:
        if requests:
            raise TooMuch("over the limit of requests a second", 7)


async def test_every_route_counts_against_the_limit(api: Api) -> None:
    api.door = Spent()
    paths = [path for path, methods in api.app.openapi()["paths"].items() if "get" in methods]
    assert len(paths) >= 5
    for path in paths:
        answer = await api.client.get(path.replace("{", "").replace("}", ""), headers={
            "authorization": "Bearer manager"
        })  # fmt: skip
        assert (answer.status_code, answer.headers.get("retry-after")) == (429, "7"), path
