"""Retention: bytes are let go after a time, ledger entries never."""
