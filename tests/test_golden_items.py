"""A few items of every entity, kept in the repository: a change of data is seen in review."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from loadstone.dataset import Dataset
from loadstone.system import load_system, system_names
from loadstone.wire import encode

GOLDEN = Path(__file__).parent / "golden" / "items"


def sample(system: str) -> str:
    """The first item of each entity and one from the middle, in DynamoDB's JSON, one a line."""
    dataset = Dataset(load_system(system), scale=1_000, as_of=datetime(2026, 6, 1, tzinfo=UTC))
    lines = []
    for entity in dataset.system.stored:
        for number in sorted({0, dataset.count(entity) // 2}):
            item = encode(dataset.item(entity, number))
            lines.append(orjson.dumps({"entity": entity.name, "number": number, "item": item}))
    return b"\n".join(lines).decode() + "\n"


@pytest.mark.parametrize("system", system_names())
def test_items_are_as_reviewed(system: str, request: pytest.FixtureRequest) -> None:
    """The items of a system are those that were last reviewed, on every machine and Python."""
    golden = GOLDEN / f"{system}.jsonl"
    made = sample(system)
    if request.config.getoption("--update-golden"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(made, encoding="utf-8")
    assert golden.is_file(), "no golden items: pytest --update-golden writes them, for review"
    assert made.splitlines() == golden.read_text(encoding="utf-8").splitlines()
