"""A table that a data set is written to, as it stands in an account."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from loadstone.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A described table and the live one that holds its items.

    `table_id` is DynamoDB's TableId: a table dropped and made again has another one.
    """

    table: Table
    name: str  # what it is called there
    arn: str
    table_id: str

    @property
    def key(self) -> str:
        """A short text that no other table has, nor a later one of the same name."""
        return hashlib.blake2b(f"{self.arn}\n{self.table_id}".encode(), digest_size=6).hexdigest()
