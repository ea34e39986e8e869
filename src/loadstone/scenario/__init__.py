"""Replaying patterns: whom they ask for, the requests they send, the answers that are right."""
