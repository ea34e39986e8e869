"""The engine that runs with nothing given: dynoxide, found or fetched, started, shared, watched."""
