"""The `copq` command: one module of `copq.commands` for each subject."""

from importlib.metadata import version
from typing import Annotated

import typer

from copq.commands import (
    audit,
    backup,
    corrections,
    currencies,
    demo,
    entries,
    explain,
    importing,
    migrations,
    mqtt,
    periods,
    price,
    rates,
    rejected,
    report,
    reporting,
    reprice,
    retention,
    services,
    targets,
    tokens,
    watch,
)

app = typer.Typer(
    name="copq",
    help="The cost of poor quality, priced as it happens.",
    epilog=(
        "Exit codes: 0 done; 1 the answer is no (a difference, a refused event); 2 wrong usage "
        "or file, or a name that there is not; 3 Postgres or Kafka does not "
        "answer; 4 a stream stopped itself."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("up")(services.up)
app.command("ingest")(services.ingest)
app.command("costing")(services.costing)
app.command("aggregator")(services.aggregator)
app.command("reporting")(reporting.reporting)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore_command)
app.command("migrate")(migrations.migrate_command)
app.command("import")(importing.import_command)
app.command("watch")(watch.watch)
app.command("price")(price.price_command)
app.command("report")(report.report)
app.command("trailing")(report.trailing)
app.command("drivers")(report.drivers)
app.command("entries")(entries.entries)
app.command("explain")(explain.explain)
app.command("unpriced")(report.unpriced)
app.command("verify")(report.verify_command)
app.command("reprice")(reprice.reprice)
app.add_typer(rates.app, name="rates")
app.add_typer(periods.app, name="periods")
app.add_typer(currencies.app, name="currencies")
app.add_typer(targets.app, name="targets")
app.add_typer(rejected.app, name="rejected")
app.add_typer(retention.app, name="retention")
app.add_typer(corrections.app, name="corrections")
app.add_typer(mqtt.app, name="mqtt")
app.add_typer(tokens.app, name="tokens")
app.add_typer(audit.app, name="audit")


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"copq {version('copq')}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """The cost of poor quality, priced as it happens."""


def main() -> None:
    app()
