"""What a worker needs to know before it begins: a data set, its tables, and where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from loadstone.dataset import Dataset
from loadstone.errors import Refused
from loadstone.seeding.place import Place
from loadstone.system import System, load_system


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Plain values alone. `places`: table, name, arn and table_id; `shares`: items by name.

    `identity` is that of the data set, which `prepare` has to bring about.
    """

    identity: Mapping[str, str]
    system: str
    project: str
    scale: int
    seed: int
    as_of_s: int
    locales: tuple[str, ...]
    settings: Mapping[str, int | str]
    places: tuple[Mapping[str, str], ...]
    shares: Mapping[str, int]
    in_flight: int

    @classmethod
    def of(
        cls, dataset: Dataset, places: Sequence[Place], shares: Mapping[str, int], in_flight: int
    ) -> Self:
        return cls(
            identity=dataset.identity.as_dict(),
            system=dataset.system.id,
            project=str(dataset.system.project),
            scale=dataset.scale,
            seed=dataset.seed,
            as_of_s=dataset.as_of_ms // 1000,
            locales=tuple(dataset.identity.locale.split(",")),
            settings=dict(dataset.identity.settings),
            places=tuple(
                {
                    "table": place.table.name,
                    "name": place.name,
                    "arn": place.arn,
                    "table_id": place.table_id,
                }
                for place in places
            ),
            shares=dict(shares),
            in_flight=in_flight,
        )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        tuples = {name: tuple(values[name]) for name in ("locales", "places")}
        return cls(**{**values, **tuples})

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def prepare(self, system: System | None = None) -> tuple[Dataset, list[Place]]:
        """The data set, made anew, and its tables; refused where it becomes another one.

        `system` is as this machine has it, where that is another one.
        """
        system = system or load_system(self.system, Path(self.project))
        dataset = Dataset(
            system,
            scale=self.scale,
            seed=self.seed,
            as_of=datetime.fromtimestamp(self.as_of_s, UTC),
            locales=self.locales,
            settings=self.settings,
        )
        refuse_another(self.identity, dataset.identity.as_dict())
        tables = {table.name: table for table in system.tables}
        places = [
            Place(
                table=tables[each["table"]],
                name=each["name"],
                arn=each["arn"],
                table_id=each["table_id"],
            )
            for each in self.places
        ]
        return dataset, places


def refuse_another(wanted: Mapping[str, str], made: Mapping[str, str]) -> None:
    """Refused unless a worker makes the data set that is wanted."""
    differing = [name for name, value in wanted.items() if made.get(name) != value]
    if differing:
        raise Refused(
            f"a worker makes another data set (not the same {', '.join(differing)}): it needs "
            "the same fixtures, and the same version of Faker"
        )
