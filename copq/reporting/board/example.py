"""An event that a reader can send to this plant: the rate book has its names, so it has a price."""

from copq.rates.book import RateBook
from copq.reporting.board.view import View


def example(book: RateBook, view: View) -> dict[str, str] | None:
    """The line, product and stage of a defect; None where no cost table in the
    plant's currency is in force now."""
    line = view.line or next(iter(sorted(book.sites[view.plant].lines)), None) or "L1"
    for product in sorted({*book.products[view.plant]}):
        found = book.cost_table(view.plant, product, view.now)
        if found is None or found.item.currency != view.currency:
            continue
        if found.item.stages:
            return {"line": line, "product": product, "stage": found.item.stages[-1].stage}
    return None
