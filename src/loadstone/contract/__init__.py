"""What must be true of every system, whoever wrote it: of its items, its keys and its patterns."""
