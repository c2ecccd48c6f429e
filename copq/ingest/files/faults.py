"""What can be wrong with a file and its mapping, from the whole down to one row."""


class MappingError(ValueError):
    """The mapping is refused as a whole; `faults` has a sentence for each thing to fix."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class FileError(ValueError):
    """The file cannot be read with this mapping: nothing more of it is imported."""


class RowFault(ValueError):
    """One row makes no event: the field (or column) that is at fault, and a sentence."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class NotAnIntake(Exception):
    """What answers at the address is not a copq service, or does not want these events at all."""
