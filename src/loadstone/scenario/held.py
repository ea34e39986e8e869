"""What each table and index of a data set holds, as the record of a run tells it."""

from __future__ import annotations

from collections.abc import Mapping

from loadstone.capacity.footprint import footprints
from loadstone.capacity.readings import CONSERVATIVE, Reading
from loadstone.dataset import Dataset
from loadstone.run.header import Stored


def stored_sizes(
    dataset: Dataset, names: Mapping[str, str], reading: Reading = CONSERVATIVE
) -> list[Stored]:
    """By a sample of each entity. `names` are those of the live tables, by the documented ones."""
    found = {
        (table.name, index): [0.0, 0.0]
        for table in dataset.system.tables
        for index in (None, *(each.name for each in table.indexes))
    }
    for entity in dataset.system.stored:
        assert entity.table is not None
        count = dataset.count(entity)
        for index, each in footprints(dataset, entity, reading).items():
            held = found[entity.table.name, index]
            held[0] += count * each.share
            held[1] += count * each.size_bytes
    return [
        Stored(table=names[table], index=index, items=round(items), size_bytes=round(size))
        for (table, index), (items, size) in found.items()
    ]
