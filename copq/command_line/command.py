"""The `copq` command: a module of `commands` for each subject, in the groups of the help."""

from typing import Annotated

import typer

from copq.command_line.faults import end_on_signals
from copq.command_line.on_demand import on_demand

GROUPS = {
    "Start": {"demo": "demo.demo", "up": "operate.services.up"},
    "Events in": {
        "import": "intake.importing.import_command",
        "watch": "intake.watch.watch",
        "rejected": "intake.rejected.app",
        "corrections": "intake.corrections.app",
        "mqtt": "intake.mqtt.app",
    },
    "Figures": {
        "report": "read.report.report",
        "trailing": "read.report.trailing",
        "drivers": "read.report.drivers",
        "why": "read.why.why",
        "what-if": "read.what_if.what_if",
        "problems": "read.problems.problems",
        "kpis": "read.kpis.kpis",
        "entries": "read.entries.entries",
        "explain": "read.explain.explain",
        "unpriced": "read.report.unpriced",
        "price": "read.price.price_command",
        "coq": "read.coq.coq",
        "pack": "read.pack.pack",
        "conformance": "read.conformance.conformance",
        "plan": "read.plan.plan_command",
        "verify": "read.verify.verify_command",
    },
    "Finance": {
        "rates": "finance.rates.app",
        "reprice": "finance.reprice.reprice",
        "periods": "finance.periods.app",
        "currencies": "finance.currencies.app",
        "targets": "finance.targets.app",
        "bases": "finance.bases.app",
        "groups": "finance.groups.app",
        "standing-costs": "finance.standing_costs.app",
        "projects": "finance.projects.app",
        "audit": "finance.audit.app",
    },
    "Operation": {
        "ingest": "operate.services.ingest",
        "costing": "operate.services.costing",
        "aggregator": "operate.services.aggregator",
        "reporting": "operate.reporting.reporting",
        "migrate": "operate.migrations.migrate_command",
        "backup": "operate.backup.backup",
        "restore": "operate.backup.restore_command",
        "retention": "operate.retention.app",
        "tokens": "operate.tokens.app",
        "sign-in": "operate.sign_in.app",
        "sessions": "operate.sessions.app",
    },
}
COMMANDS = {name: place for group in GROUPS.values() for name, place in group.items()}
app = typer.Typer(
    name="copq",
    cls=on_demand(GROUPS),
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
