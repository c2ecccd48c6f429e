"""A message as a sentence on a page."""


def sentence(text: str) -> str:
    """With a capital and a full stop, unless it ends as a sentence already."""
    stop = "" if text.endswith((".", "?", "!")) else "."
    return f"{text[:1].upper()}{text[1:]}{stop}"
