"""Item bytes, capacity units, and money: the same arithmetic predicts, simulates and explains."""
