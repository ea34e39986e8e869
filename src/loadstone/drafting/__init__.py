"""Drafts of a system: what a table, a template or a model tells, as content to edit."""
