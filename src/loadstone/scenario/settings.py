"""How patterns are played."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How patterns are played. `sampled` is the share of answers that are decoded and compared;
    `attempts`, how often a batch is sent at most while it gives something back undone. `worker` is
    a number that no other process of the run has; `part`, which of so many parts as there are
    `workers` it writes to."""

    skew: float = 0.99
    sampled: float = 0.02
    attempts: int = 4
    run: str = ""
    worker: int = 0
    part: int = 0
    workers: int = 1
