"""A printed page, read as paper is: its size, its words, and what colours are on it."""

from pathlib import Path

import pypdfium2
from playwright.async_api import Page

A4 = (595, 842)
"""In points."""

PRINTED = Path(__file__).parents[3] / "build" / "screenshots"


class Paper:
    def __init__(self, pdf: bytes, name: str) -> None:
        self._document = pypdfium2.PdfDocument(pdf)
        self.sizes = [tuple(map(round, page.get_size())) for page in self._document]
        self.text = _text(self._document)
        self.images = [page.render(scale=1.6).to_pil() for page in self._document]
        PRINTED.mkdir(parents=True, exist_ok=True)
        for number, image in enumerate(self.images):
            image.save(PRINTED / f"{name}-{number + 1}.png")

    def whiteness(self) -> float:
        """How much of the first page is bare paper."""
        grey = self.images[0].convert("L")
        return float(sum(grey.histogram()[250:]) / (grey.width * grey.height))


def text_of(pdf: bytes) -> str:
    """The words of a document."""
    return _text(pypdfium2.PdfDocument(pdf))


def _text(document: pypdfium2.PdfDocument) -> str:
    texts = [page.get_textpage().get_text_bounded() for page in document]
    return " ".join(" ".join(texts).split())


async def printed(page: Page, name: str) -> Paper:
    """As the browser prints it, on what the page asks for."""
    return Paper(await page.pdf(prefer_css_page_size=True), name)
