"""The option for the schedule of packs, of the services that send them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copq.command_line.terminal import cannot, fail

if TYPE_CHECKING:
    from copq.pack.schedule import Schedule

PackScheduleOption = Annotated[
    Path | None,
    typer.Option(
        "--pack-schedule", envvar="COPQ_PACK_SCHEDULE", show_default=False,
        help="Send packs for management reviews, as this file says (docs/pack.md).",
    ),
]  # fmt: skip


def pack_schedule(path: Path | None) -> "Schedule | None":
    """The schedule of a file. Ends the command where it is not one."""
    if path is None:
        return None
    from copq.pack.fonts import font_folders
    from copq.pack.schedule import read_schedule

    try:
        found = read_schedule(path)
        font_folders(found.fonts)
    except (OSError, UnicodeDecodeError) as error:
        cannot("read", path, error)
    except ValueError as error:
        fail(f"{path}: {error}")
    return found
