"""The audit trail: who decided what, from where, when and why, sealed row by row."""
