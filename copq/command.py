"""The `copq` command: one module of `copq.commands` for each subject."""

from typing import Annotated

import typer

from copq.faults import end_on_signals
from copq.on_demand import on_demand

COMMANDS = {
    "demo": "demo.demo",
    "up": "services.up",
    "ingest": "services.ingest",
    "costing": "services.costing",
    "aggregator": "services.aggregator",
    "reporting": "reporting.reporting",
    "backup": "backup.backup",
    "restore": "backup.restore_command",
    "migrate": "migrations.migrate_command",
    "import": "importing.import_command",
    "watch": "watch.watch",
    "price": "price.price_command",
    "report": "report.report",
    "trailing": "report.trailing",
    "drivers": "report.drivers",
    "kpis": "kpis.kpis",
    "entries": "entries.entries",
    "explain": "explain.explain",
    "unpriced": "report.unpriced",
    "verify": "verify.verify_command",
    "reprice": "reprice.reprice",
    "rates": "rates.app",
    "periods": "periods.app",
    "currencies": "currencies.app",
    "targets": "targets.app",
    "rejected": "rejected.app",
    "retention": "retention.app",
    "corrections": "corrections.app",
    "mqtt": "mqtt.app",
    "tokens": "tokens.app",
    "audit": "audit.app",
}
app = typer.Typer(
    name="copq",
    cls=on_demand(COMMANDS),
    help="The cost of poor quality, priced as it happens.",
    epilog=(
        "Exit codes: 0 done; 1 the answer is no (a difference, a refused event); 2 wrong usage "
        "or file, or an unknown name; 3 Postgres or Kafka does not answer; 4 a stream stopped "
        "itself; 5 a fault of copq. Ended by Ctrl-C 130, by SIGTERM 143."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # a tenth of a second

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
    end_on_signals()
    app()
