"""Take the picture of docs/images/pack.png again: four pages of a pack. Or write it as a PDF.

`python -m tests.support.pack_picture [FILE]`
"""

import asyncio
import io
import sys
import tempfile
from pathlib import Path

import asyncpg
from PIL import Image

from copq.database.migrate import migrate
from copq.embedded_postgres.server import EmbeddedPostgres
from copq.figures.pack import PackAnswer, PackRequest, answer_pack
from copq.pack.pdf import pack_pdf, pack_pictures
from copq.posting.post import prepare
from copq.rates.store import load
from tests.support.pack import NOW, fill_plant, sign_last

PICTURE = Path(__file__).parents[2] / "docs/images/pack.png"
_PAGES = (0, 1, 2, 4)
_GAP = 12


async def _answer(dsn: str) -> PackAnswer:
    conn = await asyncpg.connect(dsn)
    await prepare(conn)
    await fill_plant(conn)
    await sign_last(conn)
    return await answer_pack(conn, await load(conn), PackRequest(month="2026-06"), NOW)


def main(file: Path | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        with EmbeddedPostgres(Path(folder) / "d") as dsn:
            migrate(dsn)
            answer = asyncio.run(_answer(dsn))
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pack_pdf(answer))
        return
    made = pack_pictures(answer, 55)
    pages = [Image.open(io.BytesIO(made[number])) for number in _PAGES]
    width, height = pages[0].size
    sheet = Image.new("RGB", (2 * width + 3 * _GAP, 2 * height + 3 * _GAP), "#c9d0d7")
    for number, page in enumerate(pages):
        across, down = number % 2, number // 2
        sheet.paste(page, (_GAP + across * (width + _GAP), _GAP + down * (height + _GAP)))
    sheet.quantize(64).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else None)
