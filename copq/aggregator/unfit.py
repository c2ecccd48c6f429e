"""Batches that the ledger cannot hold."""

import asyncpg

UNFIT = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError,
         asyncpg.CardinalityViolationError, asyncpg.ProgramLimitExceededError, LookupError,
         ValueError)  # fmt: skip
"""The errors of a batch that holds more than costing writes. Another attempt would fail too."""
