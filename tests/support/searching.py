"""How long property tests search: the profiles of Hypothesis, and what a test may take of them.

`quick` tries the same examples each time. `soak` tries others each time, and more
(`make soak`, or `--hypothesis-profile soak` for some tests).
"""

from hypothesis import HealthCheck, settings

EXAMPLES = {"quick": 50, "soak": 3_000}

_ANY = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
"""A busy machine is slow, which is no fault."""


def register_profiles() -> None:
    """For `--hypothesis-profile`; without it `quick` holds."""
    quick, soak = EXAMPLES.values()
    settings.register_profile("quick", _ANY, max_examples=quick, derandomize=True, database=None)
    settings.register_profile("soak", _ANY, max_examples=soak)
    settings.load_profile("quick")


def examples(share: float) -> settings:
    """As many times the profile's examples: fewer than one where each takes long."""
    return settings(max_examples=max(1, round(settings().max_examples * share)))


def soaking() -> bool:
    """Whether a test that searches without Hypothesis may take long, too."""
    return settings().max_examples >= EXAMPLES["soak"]
