"""What an item of a data set is on its table and on each index, by a sample."""

from __future__ import annotations

from typing import NamedTuple

from loadstone.capacity.layout import Layout
from loadstone.capacity.readings import CONSERVATIVE, Reading
from loadstone.capacity.units import item_size_bytes, read_units, write_units
from loadstone.dataset import Dataset
from loadstone.entity import Entity

SAMPLE = 200


class Footprint(NamedTuple):
    """An item of an entity on one arm, on average over all of its items. `read_blocks` are those of
    4 KB, a strongly consistent unit each."""

    share: float  # of the items that are there: an index may be sparse
    size_bytes: float
    read_blocks: float
    write_units: float

    @property
    def entry_bytes(self) -> float:
        """Of those that are there."""
        return self.size_bytes / self.share if self.share else 0.0


def footprints(
    dataset: Dataset, entity: Entity, reading: Reading = CONSERVATIVE
) -> dict[str | None, Footprint]:
    """By the index of the entity's table, None for the table itself."""
    assert entity.table is not None
    layout, sample = Layout.of(entity.table), dataset.sample(entity, SAMPLE)
    found: dict[str | None, Footprint] = {}
    for index in (None, *layout.indexes):
        entries = [index.entry(item) if index else item for item in sample]
        sizes = [item_size_bytes(entry, reading) for entry in entries if entry is not None]
        found[index.name if index else None] = Footprint(
            share=len(sizes) / len(sample),
            size_bytes=sum(sizes) / len(sample),
            read_blocks=sum(read_units(size, "strong") for size in sizes) / len(sample),
            write_units=sum(write_units(0, size) for size in sizes) / len(sample),
        )
    return found
