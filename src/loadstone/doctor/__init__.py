"""Whether Loadstone can work here, line by line, and what to do where it cannot."""
