"""What came of a run, for people and machines: a pure function of its record."""
