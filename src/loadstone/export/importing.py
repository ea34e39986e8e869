"""An export becomes tables: by ImportTable, or item by item where there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gevent

from loadstone.advice import advised
from loadstone.aws.control import Control
from loadstone.aws.imports import Imported, Imports, import_request
from loadstone.aws.live import LiveTable
from loadstone.aws.settings import TAG, Finding
from loadstone.aws.tables import Tables, Wanted
from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.errors import Refused
from loadstone.export.load import Loaded, load_table
from loadstone.export.manifest import ExportedTable, Manifest
from loadstone.export.storage import Storage
from loadstone.seeding.places import Found, Places
from loadstone.seeding.sender import Sender
from loadstone.seeding.streams import streams_are_slow, streams_off
from loadstone.seeding.tally import Tally

#: The embedded engine writes one batch at a time; more in flight would only wait inside it.
IN_FLIGHT = {"embedded": 4, "endpoint": 16, "aws": 64}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one table. `findings`: settings that are not as documented afterwards."""

    table: str
    status: str
    asked: int
    imported: int
    errors: int
    problem: str = ""
    findings: Sequence[Finding] = ()

    @property
    def ok(self) -> bool:
        return self.imported == self.asked and not self.errors and not self.problem

    def as_dict(self) -> dict[str, Any]:
        return {
            "table": self.table,
            "status": self.status,
            "asked": self.asked,
            "imported": self.imported,
            "errors": self.errors,
            "problem": self.problem,
            "settings": [str(finding) for finding in self.findings],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Importing:
    """The tables of an export under the names that they are to have, at a target.

    `wanted` are in the order of the manifest's tables, with the identity among their tags.
    """

    manifest: Manifest
    storage: Storage
    wanted: Sequence[Wanted]
    target: Target
    say: Say

    @property
    def pairs(self) -> list[tuple[ExportedTable, Wanted]]:
        return list(zip(self.manifest.tables, self.wanted, strict=True))

    # By ImportTable.

    def check_files(self) -> None:
        """Refused unless exactly the files of the manifest are where an import takes them from."""
        for table, _ in self.pairs:
            there = set(self.storage.names(table.prefix))
            wanted = {file.name for file in table.files}
            if missing := sorted(wanted - there):
                raise Refused(
                    f"{missing[0]} is missing in {self.storage}: `loadstone export` with the same "
                    "options writes it again"
                )
            if strays := sorted(there - wanted):
                raise Refused(
                    f"{strays[0]} in {self.storage} is no file of this export, and an import would "
                    "take it in: remove it"
                )

    def begun(self, imports: Imports) -> dict[str, Imported]:
        """The imports of these files that an earlier call began. Refused for other tables that are
        there: ImportTable makes new ones only."""
        control = Control(self.target, say=self.say)
        found: dict[str, Imported] = {}
        others: list[str] = []
        for table, each in self.pairs:
            live = control.read(each.name)
            if live is None:
                continue
            earlier = imports.earlier(live.arn, self.storage.source(table.prefix))
            if earlier is None:
                others.append(each.name)
            else:
                found[each.name] = earlier
        if others:
            raise Refused(
                f"{', '.join(others)}: there already, and ImportTable makes new tables only; "
                f"`{advised('tables drop', self.wanted[0].system)}` deletes those with Loadstone's "
                "tag, or pass another --stage or --table-prefix"
            )
        return found

    def import_all(self, imports: Imports, begun: dict[str, Imported]) -> list[Result]:
        """Start every import that has not begun, wait for all, then set what an import cannot."""
        compression = self.manifest.description.compression
        for table, each in self.pairs:
            if each.name not in begun:
                source = self.storage.source(table.prefix)
                request = import_request(each.table, each.name, source, compression)
                begun[each.name] = imports.start(request)
                self.say(f"{each.name}: import begun, {begun[each.name].arn}")
        return [
            self._completed(table, each, imports.finished(begun[each.name]))
            for table, each in self.pairs
        ]

    def _completed(self, table: ExportedTable, each: Wanted, seen: Imported) -> Result:
        problem = ""
        if seen.status != "COMPLETED":
            problem = f"{seen.status}{f', {seen.failure}' if seen.failure else ''}"
            problem += f"; its log is {seen.log_group}" if seen.log_group else ""
            problem += (
                f"; `{advised('tables drop', each.system)}` removes what came of it, and the same "
                "command begins anew"
            )
        elif (seen.processed, seen.imported) != (table.items, table.items):
            problem = (
                f"{seen.processed:,} items processed and {seen.imported:,} imported, of "
                f"{table.items:,} in the files"
            )
        return Result(
            table=each.name,
            status=seen.status,
            asked=table.items,
            imported=seen.imported,
            errors=seen.errors,
            problem=problem,
            findings=self._settle(each),
        )

    def _settle(self, each: Wanted) -> Sequence[Finding]:
        """Tags, TTL, stream, recovery and protection, on a table that this import has made."""
        control = Control(self.target, say=self.say)
        live = control.read(each.name)
        if live is None:
            return ()
        control.await_active(each.name)
        control.tag(live, each.tags)
        (made,) = Tables(self.target, say=self.say).create([each])
        return made.findings

    # Item by item.

    def write_all(self, state: Path) -> list[Result]:
        """Make the tables that are missing, and write every item of the files."""
        places = Places(self.target, ledgers=state / "ledgers", say=self.say)
        for found in places.find(self.wanted):
            self._check_held(found)
        Tables(self.target, say=self.say).create(self.wanted)
        there = [found.place for found in places.find(self.wanted)]
        quiet = (
            streams_off(places.control, there, self.say)
            if streams_are_slow(self.target)
            else nullcontext()
        )
        with quiet, Client(self.target, attempts=1) as client:
            sender = Sender(client, Tally(), wait=gevent.sleep)
            loaded = [self._load(table, each, sender) for table, each in self.pairs]
        return [
            self._written(each, of_table)
            for each, of_table in zip(self.wanted, loaded, strict=True)
        ]

    def _check_held(self, found: Found) -> None:
        """Files go into tables that are empty or hold the same data set, and are ours."""
        name, identity = found.place.name, self.manifest.description.identity
        if found.held is not None and dict(found.held) != dict(identity):
            raise Refused(
                f"{name} holds another data set (seed {found.held['seed']}, scale "
                f"{found.held['scale']}, as of {found.held['as-of']}): "
                f"`{advised('tables drop', identity['system'])}` first, or pass another --stage "
                "or --table-prefix"
            )
        if self.target.kind != "embedded" and not _is_ours(found.live, identity["system"]):
            raise Refused(
                f"{name} is there and does not carry Loadstone's tag: pass another --stage or "
                "--table-prefix"
            )

    def _load(self, table: ExportedTable, each: Wanted, sender: Sender) -> Loaded:
        loaded = load_table(
            table,
            each.name,
            self.storage,
            self.manifest.description.compression,
            sender,
            in_flight=IN_FLIGHT[self.target.kind],
        )
        self.say(f"{each.name}: {loaded.written:,} of {loaded.asked:,} items written")
        return loaded

    def _written(self, each: Wanted, loaded: Loaded) -> Result:
        return Result(
            table=each.name,
            status="WRITTEN" if loaded.ok else "INCOMPLETE",
            asked=loaded.asked,
            imported=loaded.written,
            errors=len(loaded.rejected),
            problem=f"rejected: {loaded.rejected[0]}" if loaded.rejected else "",
            findings=Tables(self.target).verify([each]),
        )


def _is_ours(live: LiveTable | None, system: str) -> bool:
    return live is not None and live.tag(TAG) == system
