"""What may be done with a project now, and the form of each act."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from babel import Locale

from copq.desk.acts import Reasoned
from copq.desk.pages.fields import amount_in, filled_model
from copq.desk.projects import ACTS, ProjectAct
from copq.improvement.projects.plan import BenefitType
from copq.improvement.projects.states import FROZEN, RULES, State
from copq.projects.answers import ProjectAccount
from copq.projects.store import Project
from copq.web.answers import Faults


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form; `kind` is text, month, amount or select."""

    name: str
    label: str
    kind: str = "text"
    needed: bool = False
    hint: str = ""
    placeholder: str = ""
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """An act on a project: what it is called, what it does, and what it asks for.

    `may_take_away`: an empty amount takes it away.
    """

    act: ProjectAct
    title: str
    does: str
    told: str
    fields: tuple[Field, ...] = ()
    is_grave: bool = False
    may_take_away: bool = False

    @property
    def needs_reason(self) -> bool:
        return issubclass(self.act.model, Reasoned)

    def read(self, filled: dict[str, str], locale: Locale) -> Any:
        """What the form asks for. Raises `Faults`."""
        said: dict[str, object] = {"why": filled.get("why", "")}
        for field in self.fields:
            text = filled.get(field.name, "")
            is_amount = field.kind == "amount"
            said[field.name] = amount_in(text, field.label, locale) if is_amount else text
            if field.needed and not text and not filled.get("do"):
                raise Faults([f"{field.label}: fill it in"])
        if self.may_take_away and filled.get("do") == "none":
            said["amount"] = None
        labels = {field.name: field.label for field in self.fields} | {"why": "Why"}
        return filled_model(self.act.model, said, labels)


_ACTS = {act.name: act for act in ACTS}
_MONTH = Field("month", "Month", "month", needed=True, placeholder="2026-06")
_TYPE = Field(
    "type", "Benefit type", "select",
    options=tuple((str(kind), str(kind).replace("_", " ")) for kind in BenefitType),
)  # fmt: skip
_AMOUNT = Field("amount", "Amount", "amount", hint="In the currency of the project.")


def _form(name: str, title: str, does: str, told: str, *fields: Field, **more: bool) -> Form:
    return Form(_ACTS[name], title, does, told, fields, **more)


FORMS = (
    _form("approve", "Approve",
          "Freezes the plan, the promise, the rates and the baseline for ever. From then on the "
          "service measures what each month saves.", "Approved, and frozen."),
    _form("size", "Measure its baseline",
          "Measures what the scope has lost in the baseline, and counts the promise. Finance sees "
          "both, and decides.", "Measured: finance can approve it now."),
    _form("start", "Start", "Says that its measures are being put in place.", "Started."),
    _form("realise", "Realise", "Says that its measures are in place.", "Realised."),
    _form("sign", "Sign", "Finance accepts the whole of it.", "Signed."),
    _form("sustain", "Sustain", "Says that the gain lasts. The saving is looked at further.",
          "Sustained."),
    _form("claim", "Claim a month",
          "Claims the saving of a month, on its newest bridge. Finance validates it once the month "
          "is closed.", "Claimed: it waits for finance.", _MONTH, _TYPE,
          Field("amount", "Amount", "amount", hint="Empty: the whole net saving of the month.")),
    _form("forecast", "Say what you expect of a month",
          "Keeps the promise as it is, and shows the forecast next to it.", "The forecast is set.",
          _MONTH, _TYPE, Field("amount", "Amount", "amount", needed=True)),
    _form("non-routine", "Say what was not routine in a month",
          "Takes an amount out of the saving that is not work of the project, once finance has "
          "accepted it.", "It waits for finance.", _MONTH,
          Field("amount", "Amount", "amount", needed=True,
                hint="What raised the losses is above zero, what lowered them below."),
          Field("evidence", "Evidence", needed=True, hint="Where finance can check it.")),
    _form("substitute", "Give a new product a baseline",
          "Compares a product that the baseline did not make with one that it did, once finance "
          "has accepted it.", "It waits for finance.",
          Field("line", "Line", needed=True), Field("product", "New product", needed=True),
          Field("like", "Is like the product", needed=True),
          Field("like_line", "On the line", hint="Empty: the same line.")),
    _form("invest", "Set an investment",
          "What is put into it, once or each month. One of the same name is restated.",
          "The investment is set.",
          Field("investment", "Investment", needed=True, placeholder="capper"),
          Field("amount", "Amount", "amount", needed=True, hint="In the currency of the project."),
          Field("month", "Month", "month", hint="Of each month: the first one."),
          Field("monthly", "Paid", "select", options=(("", "once"), ("true", "each month"))),
          Field("last_month", "Last month", "month", hint="Of each month; empty: without end."),
          may_take_away=True),
    _form("own", "Hand it over",
          "Another person owns it, or sponsors it. Who once owned it never takes the steps of "
          "finance.", "Handed over.", Field("owner", "New owner"), Field("sponsor", "New sponsor")),
    _form("reopen", "Reopen", "Takes it back to running: its measures are worked on again.",
          "Reopened: it runs again.", is_grave=True),
    _form("lapse", "Say that the gain is lost", "Ends its months: nothing more is saved.",
          "Its gain is lost, and its months have ended.", is_grave=True),
    _form("cancel", "Cancel", "Ends it for ever. Propose another one instead.",
          "Cancelled for ever.", is_grave=True),
)  # fmt: skip
BY_NAME = {form.act.name: form for form in FORMS}
DECIDE = _ACTS["decide"]
_STEPS = {str(step): rule for step, rule in RULES.items()}
_WITHOUT_MONTHS = (State.PROPOSED, State.SIZED, State.CANCELLED)


def forms_for(one: Project, who: str | None, is_finance: bool) -> list[Form]:
    """The acts that the state and the person allow; without a name, anybody may be meant."""
    return [
        form for form in FORMS
        if _is_possible(form.act.name, one) and _may(form.act, one, who, is_finance)
    ]  # fmt: skip


def next_steps(one: Project, who: str | None, is_finance: bool) -> Iterable[str]:
    """The titles of the steps of its life that the person may take now."""
    return (form.title for form in forms_for(one, who, is_finance)
            if form.act.name in _STEPS and not form.is_grave)  # fmt: skip


def _may(act: ProjectAct, one: Project, who: str | None, is_finance: bool) -> bool:
    if act.is_finances:
        return is_finance and who not in one.owners
    if act.name == "claim":
        return who is None or who == one.owner
    return who is None or is_finance or who == one.owner


def _is_possible(name: str, one: Project) -> bool:
    if name in _STEPS:
        return one.state in _STEPS[name].sources
    if name in ("forecast", "non-routine", "substitute"):
        return one.freeze is not None and one.state in FROZEN - {State.CANCELLED}
    if name == "claim":
        return one.state not in _WITHOUT_MONTHS
    return one.state is not State.CANCELLED


def decides(one: Project, who: str | None, is_finance: bool) -> bool:
    """Whether the person decides about amounts and substitutes of the project."""
    return _may(DECIDE, one, who, is_finance)


def undecided(found: ProjectAccount) -> list[tuple[str, Any]]:
    """What waits for a decision of finance: its kind, and the amount or substitute."""
    return [
        *(("non-routine", one) for one in found.non_routine if one.decision is None),
        *(("substitute", one) for one in found.substitutes if one.decision is None),
    ]
