"""What is wrong with a configuration file."""


class ConfigFault(ValueError):
    """One thing to correct."""


class MqttConfigError(ValueError):
    """The file is refused as a whole; `faults` has a sentence for each thing to correct."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults
