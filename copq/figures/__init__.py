"""The questions to the ledger, one module each, for the commands, the API, the board and the
exporter."""
