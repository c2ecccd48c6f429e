"""Commands of finance: rates, periods, currencies, targets, the audit trail."""
