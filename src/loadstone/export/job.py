"""An export: which data set, where to, in how many shards; and the whole, once all are there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from loadstone.aws.imports import import_request
from loadstone.dataset import Dataset
from loadstone.errors import BadValue, LoadstoneError, Refused
from loadstone.export.compression import Compression
from loadstone.export.layout import TableLayout, layouts
from loadstone.export.lines import Format
from loadstone.export.manifest import (
    DATA,
    MANIFEST,
    MANIFESTS,
    Description,
    ExportedTable,
    Manifest,
    ShardManifest,
    shard_manifest_name,
    table_prefix,
)
from loadstone.export.shard import Heard, write_shard, written_shard
from loadstone.export.storage import Storage, open_storage, read_whole, write_whole
from loadstone.naming import Naming
from loadstone.seeding.identity import Asked, settle
from loadstone.system import System, load_system

#: What tells a machine of an array job which shard is its: AWS Batch, and Kubernetes.
SHARD_VARIABLES = ("AWS_BATCH_JOB_ARRAY_INDEX", "JOB_COMPLETION_INDEX")


class ExportOpen(LoadstoneError, AssertionError):
    """The files do not hold what the data set has: a bug of Loadstone's."""

    exit_code = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an export goes, as another process can open it too."""

    out: str
    region: str | None = None
    profile: str | None = None

    def open(self) -> Storage:
        return open_storage(self.out, region=self.region, profile=self.profile)


@dataclass(frozen=True, kw_only=True)
class Job:
    """An export that is settled on."""

    dataset: Dataset
    layouts: tuple[TableLayout, ...]
    description: Description
    place: Place
    storage: Storage

    @property
    def shards(self) -> int:
        return self.description.shards

    @property
    def size_bytes(self) -> int:
        """About what all lines take, before compression."""
        return sum(layout.size_bytes for layout in self.layouts)

    def run_shard(self, shard: int, heard: Heard = lambda _: None) -> tuple[ShardManifest, bool]:
        """A shard's manifest, and whether it was written just now, or was there already."""
        there = written_shard(self.storage, shard, self.description)
        if there is not None:
            return there, False
        made = write_shard(self.dataset, self.layouts, shard, self.storage, self.description, heard)
        return made, True

    def run(
        self, shards: Iterable[int], *, processes: int, heard: Heard
    ) -> Iterator[tuple[ShardManifest, bool]]:
        """Each shard as it is done; with several processes, in the order that they finish."""
        numbers = list(shards)
        if processes == 1 or len(numbers) == 1:
            yield from (self.run_shard(shard, heard) for shard in numbers)
            return
        work = partial(_in_process, self.place, self.description, self.dataset.system.project)
        # Started anew: a fork would take over threads and sockets.
        pool = ProcessPoolExecutor(min(processes, len(numbers)), mp_context=get_context("spawn"))
        try:
            for done in as_completed([pool.submit(work, shard) for shard in numbers]):
                manifest, new = done.result()
                heard(sum(file.items for file in manifest.files) if new else 0)
                yield manifest, new
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def missing(self) -> list[int]:
        """The shards that have no manifest yet."""
        there = set(self.storage.names(MANIFESTS))
        return [
            shard
            for shard in range(self.shards)
            if shard_manifest_name(shard, self.shards) not in there
        ]

    def merge(self, naming: Naming) -> Manifest:
        """The manifest of the whole: every item once, and no file that an import would take too."""
        parts = [self._part(shard) for shard in range(self.shards)]
        self._check_strays(parts)
        names = naming.names(self.dataset.system.tables)
        tables = [self._table(layout, parts, names) for layout in self.layouts]
        manifest = Manifest(description=self.description, tables=tables)
        write_whole(self.storage, MANIFEST, manifest.as_json())
        self.storage.tidy()
        return manifest

    def _part(self, shard: int) -> ShardManifest:
        name = shard_manifest_name(shard, self.shards)
        part = ShardManifest.from_json(read_whole(self.storage, name), name)
        check_same(part.description, self.description, f"{name} in {self.storage}")
        return part

    def _table(
        self, layout: TableLayout, parts: list[ShardManifest], names: Mapping[str, str]
    ) -> ExportedTable:
        table = layout.table
        prefix = table_prefix(table.name)
        request = None
        if self.description.format == "dynamodb-json":
            source = self.storage.source(prefix)
            request = import_request(table, names[table.name], source, self.description.compression)
        made = ExportedTable(
            name=table.name,
            prefix=prefix,
            files=[file for part in parts for file in part.tables.get(table.name, ())],
            import_table=request,
        )
        if made.items != layout.items:
            raise ExportOpen(
                f"the files of {table.name} hold {made.items} items and the data set has "
                f"{layout.items}: this is a bug in Loadstone, please report it"
            )
        return made

    def _check_strays(self, parts: list[ShardManifest]) -> None:
        known = {file.name for part in parts for file in part.files}
        strays = [name for name in self.storage.names(DATA) if name not in known]
        if strays:
            others = f" and {len(strays) - 1} more" * (len(strays) > 1)
            raise Refused(
                f"{strays[0]}{others} in {self.storage} is no file of this export, and an import "
                "would take it in: remove it, then `loadstone export --manifest` with the same "
                "options"
            )


def open_job(
    system: System,
    asked: Asked,
    place: Place,
    *,
    shards: int | None,
    form: Format,
    compression: Compression,
) -> Job:
    """Settle on the data set. Refused when the place holds an export of another one.

    What is not asked for is as in the export that is there, so that a day later the same command
    goes on with it.
    """
    storage = place.open()
    there = _there(storage)
    if there is not None:
        asked = _completed(asked, there.identity)
        shards = there.shards if shards is None else shards
    dataset = settle(system, asked, {}, now=datetime.now(UTC))
    made = tuple(layouts(dataset, shards))
    description = Description(
        identity=dataset.identity.as_dict(),
        format=form,
        compression=compression,
        shards=made[0].shards,
    )
    if there is not None:
        check_same(there, description, f"the export in {storage}")
    return Job(dataset=dataset, layouts=made, description=description, place=place, storage=storage)


def check_same(there: Description, wanted: Description, where: str) -> None:
    """Refused when shards of two exports would lie beside each other."""
    theirs = {**there.identity, **there.as_dict()}
    ours = {**wanted.identity, **wanted.as_dict()}
    differing = [
        f"{name} {theirs.get(name, 'unknown')} and not {value}"
        for name, value in ours.items()
        if name != "identity" and theirs.get(name) != value
    ]
    if differing:
        raise Refused(
            f"{where} is of another data set, or written otherwise: {', '.join(differing)}; "
            "remove it, or pass another --out"
        )


def shard_from(environ: Mapping[str, str]) -> tuple[int, str] | None:
    """The shard that the scheduler of an array job gives, and the variable that says so."""
    for variable in SHARD_VARIABLES:
        if text := environ.get(variable):
            if not text.isdecimal():
                raise BadValue(f"{variable} is {text!r}; a shard is a number from 0")
            return int(text), variable
    return None


def _there(storage: Storage) -> Description | None:
    """What the first manifest in the place says."""
    for name in storage.names(MANIFESTS):
        return ShardManifest.from_json(read_whole(storage, name), name).description
    return None


def _completed(asked: Asked, identity: Mapping[str, str]) -> Asked:
    """What was not asked for is as in the export that is there."""
    return replace(
        asked,
        scale=asked.scale or int(identity["scale"]),
        seed=asked.seed if asked.seed is not None else int(identity["seed"]),
        as_of=asked.as_of or datetime.fromisoformat(identity["as-of"]),
        locales=asked.locales or tuple(identity["locale"].split(",")),
    )


def _in_process(
    place: Place, description: Description, project: Path, shard: int
) -> tuple[ShardManifest, bool]:
    """A shard in a process of its own: the identity says all that it needs to know."""
    identity = description.identity
    os.environ["LOADSTONE_PROJECT"] = str(project)
    system = load_system(identity["system"], project)
    dataset = settle(system, Asked(), {place.out: identity}, now=datetime.now(UTC))
    job = Job(
        dataset=dataset,
        layouts=tuple(layouts(dataset, description.shards)),
        description=replace(description, identity=dict(identity)),
        place=place,
        storage=place.open(),
    )
    return job.run_shard(shard)
