"""A capacity plan in words and tables, as blocks of a report, and as a page of its own."""
