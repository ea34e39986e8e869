"""A ledger that cannot be written any more, in the middle of a load."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loadstone.errors import LoadstoneError


class LedgerUnwritable(LoadstoneError, OSError):
    """The disk is full, or gone."""

    exit_code = 1


@contextmanager
def writing_ledger(path: Path) -> Iterator[None]:
    """LedgerUnwritable, with what to do, for what the system says of the file."""
    try:
        yield
    except OSError as error:
        raise LedgerUnwritable(
            f"cannot write to {path}: {error.strerror}; make room, and the same command goes "
            "on where this one stopped"
        ) from error
