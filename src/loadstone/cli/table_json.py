"""Tables as `--json` prints them, for every command that lists them. Pure."""

from __future__ import annotations

from typing import Any

from loadstone.table import Index, Table


def describe_table(table: Table) -> dict[str, Any]:
    """A table's documented settings."""
    return {
        "name": table.name,
        "partition_key": table.partition_key,
        "sort_key": table.sort_key,
        "inferred": table.inferred,
        "indexes": [describe_index(index) for index in table.indexes],
        "ttl": table.ttl,
        "billing_mode": table.billing_mode,
        "pitr": table.pitr_days is not None,
        "stream": table.stream,
        "sse": "DEFAULT" if table.kms_key is None else f"KMS {table.kms_key}",
        "deletion_protection": table.deletion_protection,
    }


def describe_index(index: Index) -> dict[str, Any]:
    """An index of it."""
    return {
        "name": index.name,
        "partition_key": index.partition_key,
        "sort_key": index.sort_key,
        "projection": index.projection,
        "inferred": index.inferred,
    }
