"""Savings that finance signs: a month against the baseline, adjusted to the month's conditions."""
