"""Posting: transactions that book priced events, stops and corrections into the ledger."""
