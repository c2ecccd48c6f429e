"""State codes of the United Manufacturing Hub as stops.

Source: its data model, "Available states for assets": codes by ten thousands, grouped into
active, unknown, material, process, operator, planning and technical.
"""

from copq.ingest.mqtt.config import StateMeaning
from copq.ingest.mqtt.message import refused

_STEP = 10_000
_RUNNING = "running"

_STATES: dict[int, tuple[str, StateMeaning]] = {
    10_000: ("ProducingAtFullSpeed", "running"),
    20_000: ("ProducingAtLowerThanFullSpeed", "running"),
    # No data is not a stop: the machine may run while its PLC is cut off.
    30_000: ("Unknown", "running"),
    40_000: ("UnspecifiedStop", "stop"),
    50_000: ("Microstop", "stop"),
    60_000: ("InletJam", "stop"),
    70_000: ("OutletJam", "stop"),
    80_000: ("CongestionBypass", "stop"),
    90_000: ("MaterialIssueOther", "stop"),
    100_000: ("Changeover", "stop"),
    110_000: ("Cleaning", "stop"),
    120_000: ("Emptying", "stop"),
    130_000: ("SettingUp", "stop"),
    140_000: ("OperatorNotAtMachine", "stop"),
    150_000: ("OperatorBreak", "stop"),
    160_000: ("NoShift", "planned"),
    170_000: ("NoOrder", "planned"),
    180_000: ("EquipmentFailure", "stop"),
    190_000: ("ExternalFailure", "stop"),
    200_000: ("ExternalInterference", "stop"),
    210_000: ("PreventiveMaintenance", "planned"),
    220_000: ("TechnicalOther", "stop"),
}


class UmhStates:
    """The state codes, with the plant's own meanings."""

    def __init__(self, otherwise: dict[str, StateMeaning]) -> None:
        self._otherwise = [(*_range(codes), meaning) for codes, meaning in otherwise.items()]

    def stop_of(self, code: int) -> tuple[str | None, str]:
        """The kind of stop (None: no stop) and its defect code. Raises `Refused` if unknown."""
        name, meaning = _STATES.get(code - code % _STEP, ("", None))
        for first, last, said in self._otherwise:
            if first <= code <= last:
                meaning = said
        if meaning is None:
            why = (
                f"state {code} is none of the data model (10000 to 229999); see docs/ingest/mqtt.md"
            )
            raise refused("unknown_state", "state", why)
        own = name if name and code % _STEP == 0 else f"{name or 'State'}-{code}"
        return (None, "") if meaning == _RUNNING else (meaning, own)


def _range(codes: str) -> tuple[int, int]:
    first, _, last = codes.partition("-")
    return int(first), int(last or first)
