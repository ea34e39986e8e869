"""What follows a write elsewhere: streams, replicas of global tables, and deletes by TTL."""

from __future__ import annotations

from loadstone.capacity.units import write_units

#: A GetRecords call returns at most this: "Change data capture for DynamoDB Streams".
STREAM_RECORDS, STREAM_BYTES = 1_000, 1024 * 1024


def get_records_units(calls: int) -> int:
    """Each call is a unit, whatever it returns; those of Lambda and of global tables are free."""
    return calls


def kinesis_change_units(before_bytes: int, after_bytes: int) -> float:
    """Change data capture to Kinesis: a unit for each KB that is written."""
    return write_units(before_bytes, after_bytes)


def replicated_write_units(table_units: float, regions: int) -> float:
    """A write of a global table is a replicated write in each of its regions, its own among them;
    index entries are ordinary write units: "Understanding DynamoDB billing for global tables"."""
    return table_units * regions


def ttl_delete_units(table_units: float, regions: int = 1) -> float:
    """A delete by TTL is free where it happens, and a replicated write everywhere else."""
    return table_units * (regions - 1)
