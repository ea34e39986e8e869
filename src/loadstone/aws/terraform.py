"""Tables as Terraform's configuration. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from loadstone.aws.cloudformation import OWN_KEY
from loadstone.aws.hcl import Block, Reference, Value
from loadstone.table import Index, Table

if TYPE_CHECKING:
    from loadstone.aws.tables import Wanted


def configuration(wanted: Sequence[Wanted], *, description: str) -> str:
    """An aws_dynamodb_table for each, as its document describes it and with Loadstone's tag.

    A table that is kept on deletion is not destroyed by Terraform either.
    """
    keys = dict.fromkeys(
        each.table.kms_key for each in wanted if each.table.kms_key not in {None, OWN_KEY}
    )
    names = {key: f"key_{number}" for number, key in enumerate(keys) if key}
    blocks = [
        Block(type="data", labels=("aws_kms_key", name), arguments={"key_id": key})
        for key, name in names.items()
    ]
    blocks += [_table(each, names) for each in wanted]
    head = [f"# {line}" for line in description.splitlines()]
    return "\n".join([*head, *(line for block in blocks for line in ("", *block.lines()))])


def _table(each: Wanted, keys: dict[str, str]) -> Block:
    table = each.table
    arguments: dict[str, Value] = {"name": each.name, "billing_mode": table.billing_mode}
    if table.provisioned:
        arguments["read_capacity"] = table.provisioned.read_units
        arguments["write_capacity"] = table.provisioned.write_units
    arguments |= _key(table)
    if table.stream:
        arguments |= {"stream_enabled": True, "stream_view_type": table.stream}
    arguments["deletion_protection_enabled"] = table.deletion_protection
    arguments["tags"] = each.tags
    return Block(
        type="resource",
        labels=("aws_dynamodb_table", re.sub(r"\W", "_", table.name.lower())),
        arguments=arguments,
        blocks=list(_parts(table, keys)),
    )


def _parts(table: Table, keys: dict[str, str]) -> Iterator[Block]:
    for name in table.key_attributes:
        yield Block(type="attribute", arguments={"name": name, "type": table.key_type(name)})
    yield from (_index(index, table) for index in table.indexes)
    if table.ttl:
        yield Block(type="ttl", arguments={"attribute_name": table.ttl, "enabled": True})
    if table.pitr_days:
        days: dict[str, Value] = {"enabled": True, "recovery_period_in_days": table.pitr_days}
        yield Block(type="point_in_time_recovery", arguments=days)
    if table.kms_key:
        encryption: dict[str, Value] = {"enabled": True}
        if table.kms_key in keys:
            encryption["kms_key_arn"] = Reference(f"data.aws_kms_key.{keys[table.kms_key]}.arn")
        yield Block(type="server_side_encryption", arguments=encryption)
    if table.deletion_protection:
        yield Block(type="lifecycle", arguments={"prevent_destroy": True})


def _index(index: Index, table: Table) -> Block:
    arguments: dict[str, Value] = {"name": index.name, **_key(index)}
    arguments["projection_type"] = index.projection
    if index.include:
        arguments["non_key_attributes"] = list(index.include)
    if units := table.provisioned and (index.provisioned or table.provisioned):
        arguments |= {"read_capacity": units.read_units, "write_capacity": units.write_units}
    return Block(type="global_secondary_index", arguments=arguments)


def _key(of: Table | Index) -> dict[str, Value]:
    sort = {"range_key": of.sort_key} if of.sort_key else {}
    return {"hash_key": of.partition_key, **sort}
