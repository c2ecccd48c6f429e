"""Names of people who sign in: as others know them, and with what says for certain who they are."""


def person_name(shown: str, subject: str) -> str:
    """The name in the audit trail and with events; no token has such a name."""
    return f"{shown} ({subject})"


def shown_name(name: str) -> str:
    """A person's name without the subject; any other name as it is."""
    shown, opened, _ = name.rpartition(" (")
    return shown if opened and name.endswith(")") else name
