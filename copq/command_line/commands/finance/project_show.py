"""A project for people: its plan, its steps, and all that was said and decided."""

from collections.abc import Iterable, Sequence
from shlex import quote

from copq.command_line.commands.finance.project_steps import show_baseline
from copq.command_line.commands.read.figures import when
from copq.command_line.terminal import money, out, table
from copq.improvement.projects.plan import Plan
from copq.periods.period import month_name
from copq.projects.answers import ProjectAccount


def show_account(found: ProjectAccount) -> None:
    """Print a project with its lists; empty ones are left out."""
    one = found.project
    out.print(f"{one}: {one.state}, owner {one.owner}, sponsor {one.sponsor}.")
    for line in _plan_lines(one.plan):
        out.print(line)
    steps = [(when(s.at), s.what, s.state, s.by, s.why or "–") for s in one.steps]
    _list("Steps", ["at", "step", "state", "by", "why"], steps, left=5)
    if found.baseline is not None:
        show_baseline(found.baseline, one.plan.currency)
    _show_money(found)
    _show_decisions(found)
    if one.freeze is not None:
        out.print(f"SHA-256 of what is frozen: {one.freeze.sha256.hex()}", soft_wrap=True)


def _plan_lines(plan: Plan) -> Iterable[str]:
    names = ", ".join(
        f"{field.replace('_', ' ')} {'/'.join(sorted(n))}" for field, n in plan.scope.items()
    )
    group = f"group {plan.group} of {plan.grouping}" if plan.group else ""
    yield f"Scope: {', '.join(filter(None, (group, names))) or 'the whole plant'}."
    yield (
        f"Baseline: {plan.baseline_first} to {plan.baseline_last}, compared by "
        f"{plan.exposure.replace('_', ' ')}; start: {plan.starts}."
    )


def _show_money(found: ProjectAccount) -> None:
    currency = found.project.plan.currency
    investments = [
        (
            one.name, one.kind, month_name(one.first_month),
            month_name(one.last_month) if one.last_month else "–", money(one.amount, currency),
        )
        for one in found.investments
    ]  # fmt: skip
    _list("Investments", ["name", "kind", "from", "to", currency], investments, left=4)
    forecasts = [
        (month_name(f.month), f.type, f.set_by, f.why or "–", money(f.amount, currency))
        for f in found.forecasts
    ]
    _list("Forecast", ["month", "type", "by", "why", currency], forecasts, left=4)


def _show_decisions(found: ProjectAccount) -> None:
    currency = found.project.plan.currency
    amounts = [
        (
            str(n.number), month_name(n.month), n.reason, n.evidence, n.set_by,
            n.decision or "waits", n.decided_by or "–", money(n.amount, currency),
        )
        for n in found.non_routine
    ]  # fmt: skip
    names = ["number", "month", "reason", "evidence", "by", "decision", "by", currency]
    _list("Not routine", names, amounts, left=7)
    alike = [
        (
            str(s.number), s.line, s.product, f"{s.like_product} on {s.like_line}", s.reason,
            s.set_by, s.decision or "waits", s.decided_by or "–",
        )
        for s in found.substitutes
    ]  # fmt: skip
    names = ["number", "line", "product", "like", "reason", "by", "decision", "by"]
    _list("Substitute baselines", names, alike, left=8)
    _show_savings(found)


def _show_savings(found: ProjectAccount) -> None:
    currency = found.project.plan.currency
    validated = {(v.month, v.type): v for v in found.validations}
    rows = []
    for c in found.claims:
        v = validated.get((c.month, c.type))
        decided = (v.decision, v.decided_by, v.note or "–") if v else ("waits", "–", "–")
        money_of = (v.amount, v.in_budget) if v else (None, None)
        shown = ["–" if amount is None else money(amount, currency) for amount in money_of]
        rows.append(
            (month_name(c.month), c.type, c.claimed_by, *decided, money(c.amount, currency), *shown)
        )
    names = ["month", "type", "claimed by", "decision", "by", "note", "claimed", "validated"]
    _list(f"Savings in {currency}", [*names, "in budget"], rows, left=6)
    _show_excesses(found)


def _show_excesses(found: ProjectAccount) -> None:
    one, currency = found.project, found.project.plan.currency
    rows = [
        (
            month_name(e.month),
            when(e.since),
            money(e.validated, currency),
            "–" if e.net is None else money(e.net, currency),
        )
        for e in found.excesses
    ]
    names = ["month", "since", "validated", "saves now"]
    _list(f"Validated too much, in {currency}: finance validates it again", names, rows, left=2)
    if rows:
        out.print(
            f"Lower it with: copq projects validate {one.plant} {quote(one.name)} MONTH reduce "
            "--amount AMOUNT --why …", soft_wrap=True,
        )  # fmt: skip


def _list(title: str, names: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> None:
    if rows:
        table(title, names, rows, left=left)
