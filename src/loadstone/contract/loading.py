"""A data set in tables of its own, quickly: for those who play patterns against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import orjson

from loadstone.aws.tables import Tables, wanted_tables
from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.dataset import Dataset
from loadstone.errors import TargetError
from loadstone.naming import Naming

_BATCH = 25


@contextmanager
def tables_with(
    dataset: Dataset,
    target: Target,
    client: Client,
    naming: Naming,
    *,
    say: Callable[[str], None],
) -> Iterator[dict[str, str]]:
    """The names of tables that hold a data set; they are gone afterwards."""
    system = dataset.system
    names = naming.names(system.tables, {})
    Tables(target, say=say).create(wanted_tables(system.tables, names, system=system.id))
    try:
        for entity in system.stored:
            assert entity.table is not None
            _put(dataset, client, entity.name, names[entity.table.name])
        yield names
    finally:
        for name in names.values():
            client.send("DeleteTable", orjson.dumps({"TableName": name}))


def _put(dataset: Dataset, client: Client, entity: str, table: str) -> None:
    put = {"before": '{"PutRequest":{"Item":', "after": "}}"}
    rows = list(dataset.rows(entity, 0, dataset.count(entity), **put))
    for start in range(0, len(rows), _BATCH):
        batch = b",".join(rows[start : start + _BATCH])
        body = b'{"RequestItems":{%b:[%b]}}' % (orjson.dumps(table), batch)
        answer = client.send("BatchWriteItem", body)
        if not answer.ok:
            raise TargetError(
                f"{entity}: items {start:,} to {start + _BATCH:,} were not taken: "
                f"{answer.code}: {answer.message}"
            )
