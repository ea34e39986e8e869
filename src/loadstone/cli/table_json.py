"""Tables as `--json` prints them, for every command that lists them. Pure."""

from __future__ import annotations

from typing import Any

from loadstone.table import Index, Table, Throughput


def describe_table(table: Table) -> dict[str, Any]:
    """A table's documented settings. Its name in an account may still hold `{stage}`."""
    return {
        "name": table.name,
        "physical": table.physical or table.name,
        "partition_key": table.partition_key,
        "sort_key": table.sort_key,
        "inferred": table.inferred,
        "indexes": [describe_index(index) for index in table.indexes],
        "ttl": table.ttl,
        "billing_mode": table.billing_mode,
        "capacity": _capacity(table.provisioned),
        "pitr": table.pitr_days is not None,
        "pitr_days": table.pitr_days,
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
        "include": list(index.include),
        "capacity": _capacity(index.provisioned),
        "inferred": index.inferred,
    }


def _capacity(units: Throughput | None) -> dict[str, int] | None:
    """Provisioned units a second; an index that has none of its own is given its table's."""
    if units is None:
        return None
    return {"read_units": units.read_units, "write_units": units.write_units}
