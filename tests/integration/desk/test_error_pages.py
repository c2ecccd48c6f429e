"""What a browser shows where a page cannot be shown: words, and what to do next."""

from tests.support.desk.asking import desk_client
from tests.support.desk.browsing import ADA, MIA

PEOPLE = {"Accept": "text/html,application/xhtml+xml"}


async def test_a_browser_gets_a_page_and_a_program_a_problem(database: str) -> None:
    async with desk_client(database) as desk:
        for path, status, words in (
            ("/nowhere", 404, "Nothing is at this address"),
            ("/finance/repricing/99", 404, "There is no job 99."),
            ("/finance/months/nort/2026-03", 404, "is not in the rate book"),
        ):
            page = await desk.client.get(path, headers=ADA | PEOPLE)
            assert page.status_code == status and words in page.text, page.text
            assert "Back to the start" in page.text and "as another user" not in page.text
            assert page.headers["content-type"].startswith("text/html")
            plain = await desk.client.get(path, headers=ADA)
            assert plain.status_code == status
            assert plain.headers["content-type"] == "application/problem+json"
        api = await desk.client.get("/v1/rate-documents/99", headers=ADA | PEOPLE)
        assert api.headers["content-type"] == "application/problem+json"
        other = await desk.client.get("/finance", headers=MIA | PEOPLE)
        assert other.status_code == 403 and "as another user" in other.text
