"""Options that commands of several groups have."""

from typing import Annotated

import typer

PlantOption = Annotated[str | None, typer.Option(help="Only this plant.")]
LineOption = Annotated[str | None, typer.Option(help="Only this line.")]
ProductOption = Annotated[str | None, typer.Option(help="Only this product.")]
GroupOption = Annotated[
    str | None, typer.Option(help='Only this product group; "no group": products in none.')
]
GroupingOption = Annotated[
    str | None, typer.Option(help="What products are grouped by, if there are several groupings.")
]
EndOption = Annotated[str, typer.Option("--to", help="The end, which is excluded.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON; numbers have all digits.")]
