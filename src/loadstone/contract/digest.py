"""`python -m loadstone.contract.digest SYSTEM PROJECT`: a digest of a system's first items."""

from __future__ import annotations

import hashlib
import sys
from datetime import UTC, datetime
from pathlib import Path

from loadstone.dataset import Dataset
from loadstone.system import load_system

SCALE = 5_000
_EACH = 200


def digest_of(system: str, project: Path | None) -> str:
    dataset = Dataset(
        load_system(system, project), scale=SCALE, as_of=datetime(2026, 6, 1, tzinfo=UTC)
    )
    digest = hashlib.sha256()
    for entity in dataset.system.stored:
        digest.update(dataset.rows(entity, 0, min(_EACH, dataset.count(entity))).joined())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.stdout.write(digest_of(sys.argv[1], Path(sys.argv[2])))
