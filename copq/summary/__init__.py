"""The ledger by production day and every dimension, kept up to date outside the hot path."""
