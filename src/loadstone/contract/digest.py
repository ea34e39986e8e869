"""`python -m loadstone.contract.digest SYSTEM PROJECT`: digests of a system's first items."""

from __future__ import annotations

import hashlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from loadstone.dataset import Dataset
from loadstone.system import load_system

SCALE = 5_000
_EACH = 200


def digests_of(system: str, project: Path | None) -> dict[str, str]:
    """Of each attribute, by its entity's name and its own."""
    dataset = Dataset(
        load_system(system, project), scale=SCALE, as_of=datetime(2026, 6, 1, tzinfo=UTC)
    )
    digests: dict[str, Any] = {}
    for entity in dataset.system.stored:
        for row in dataset.rows(entity, 0, min(_EACH, dataset.count(entity))):
            for name, value in orjson.loads(row).items():
                digest = digests.setdefault(f"{entity.name}.{name}", hashlib.sha256())
                digest.update(orjson.dumps(value))
    return {name: digest.hexdigest() for name, digest in digests.items()}


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(digests_of(sys.argv[1], Path(sys.argv[2]))))
