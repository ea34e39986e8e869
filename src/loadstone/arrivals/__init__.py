"""Open arrivals: a rate as a promise, the instants that it makes, and what starts at each."""
