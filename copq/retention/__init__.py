"""Retention: bytes are dropped after a time, ledger entries never."""
