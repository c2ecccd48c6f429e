"""Batches that the ledger cannot hold."""

import asyncpg

UNFIT = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError,
         asyncpg.CardinalityViolationError, asyncpg.ProgramLimitExceededError, LookupError,
         ValueError)  # fmt: skip
"""The errors of a batch with more than costing writes: another attempt fails in the same way."""
