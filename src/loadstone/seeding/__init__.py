"""Writing a data set to its tables, with a ledger that closes, and reading it back."""
