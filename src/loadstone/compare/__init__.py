"""Two runs side by side: what differs by more than chance, and whether they can be compared."""
