"""Writes exported files to tables item by item, for engines that have no ImportTable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import orjson

from loadstone.client.answer import Answer
from loadstone.export.compression import Compression
from loadstone.export.manifest import ExportedTable
from loadstone.export.read import read_lines
from loadstone.export.storage import Storage
from loadstone.seeding.crew import run_crew
from loadstone.seeding.sender import SeedStopped, Sender
from loadstone.seeding.verdict import Verdict, verdict

BATCH_ITEMS = 25  # BatchWriteItem takes 25 at most: API reference, BatchWriteItem
BATCH_BYTES = 15 * 1024 * 1024  # and 16 MB


@dataclass(slots=True)
class Loaded:
    """What became of a table's items. `rejected`: a reason for each that the table did not take."""

    table: str
    asked: int
    written: int = 0
    rejected: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.written == self.asked


def load_table(
    table: ExportedTable,
    name: str,
    storage: Storage,
    compression: Compression,
    sender: Sender,
    *,
    in_flight: int,
) -> Loaded:
    """Write every item of a table's files; writing one twice does no harm."""
    loaded = Loaded(table=name, asked=table.items)
    batches = _batches(
        line for file in table.files for line in read_lines(storage, file, compression)
    )
    writer = _Writer(name, sender, loaded)

    def work() -> None:
        for batch in batches:
            writer.write(batch)

    run_crew(work, in_flight)
    return loaded


def _batches(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for line in lines:
        if batch and (len(batch) == BATCH_ITEMS or size + len(line) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield batch


class _Writer:
    """A line of a file, `{"Item":…}`, is what a PutRequest holds."""

    def __init__(self, name: str, sender: Sender, loaded: Loaded) -> None:
        self._name, self._sender, self._loaded = name, sender, loaded
        self._head = b'{"RequestItems":{%b:[' % orjson.dumps(name)

    def write(self, lines: Sequence[bytes]) -> None:
        times = 0
        while lines:
            body = b"%b%b]}}" % (
                self._head,
                b",".join(b'{"PutRequest":%b}' % line for line in lines),
            )
            answer = self._sender.send("BatchWriteItem", body)
            match verdict(answer):
                case Verdict.WELL:
                    left = self._left(answer)
                    self._loaded.written += len(lines) - len(left)
                    times = times + 1 if len(left) == len(lines) else 1
                    lines = left
                    if left:
                        self._sender.wait_out_throttle(times)
                case Verdict.REJECTED if len(lines) > 1:
                    half = len(lines) // 2
                    self.write(lines[:half])
                    lines = lines[half:]
                case Verdict.REJECTED:
                    self._reject(lines[0], answer)
                    return
                case _:
                    raise SeedStopped.by(answer)

    def _left(self, answer: Answer) -> list[bytes]:
        undone = (answer.json.get("UnprocessedItems") or {}).get(self._name, ())
        return [orjson.dumps(each["PutRequest"]) for each in undone]

    def _reject(self, line: bytes, answer: Answer) -> None:
        shown = line[:200].decode(errors="replace")
        self._loaded.rejected.append(f"{answer.code}: {answer.message or 'no reason'}: {shown}")
