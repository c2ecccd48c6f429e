"""What guards every page of the board: the policy for the browser, and who is shown what."""

from pathlib import Path
from urllib.parse import quote

from fastapi import HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from copq.web.pages.page import Pages, serves

TEMPLATES = Path(__file__).parent / "templates"
PAGES = Pages.of(TEMPLATES)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
GUARDED = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
OF_A_READER = GUARDED | {"Cache-Control": "private, no-cache"}
"""The headers of a page that shows its reader's name or figures."""


def refusal(request: Request, refused: HTTPException) -> Response:
    """Send an unknown reader to the sign-in page, and an operator to the form."""
    if refused.status_code == 401:
        where = f"{request.url.path}?{request.url.query}".rstrip("?")
        return RedirectResponse(f"/login?next={quote(where, safe='')}", 303)
    form = serves(request.app, "/form")
    return PAGES.show("forbidden.html", refused.status_code, form=form)
