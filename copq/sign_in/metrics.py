"""All metrics of signing in."""

from prometheus_client import Counter

SIGN_INS = Counter(
    "copq_sign_ins",
    "Sign-ins of people at the provider, by how they ended: signed in, no role, refused, stale, "
    "provider away, provider at fault",
    ["outcome"],
)
