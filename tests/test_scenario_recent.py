"""Which keys of new items are remembered, so that none is written twice."""

from __future__ import annotations

from typing import Any

import pytest

from loadstone.scenario import touch
from loadstone.scenario.touch import Recent


def key(n: int) -> tuple[str, Any]:
    return "orders", (f"order#{n}", "LINE")


def test_a_key_is_taken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second item of a key is refused, in whichever generation the first one lies, and other
    tables have keys of their own."""
    monkeypatch.setattr(touch, "time", lambda: 1_000.0)
    recent = Recent()
    every = range(3 * Recent.LIMIT)
    assert all(recent.takes(key(n), 1_000_000) for n in every)
    assert not any(recent.takes(key(n), 1_000_000) for n in every)
    assert recent.takes(("customers", key(0)[1]), 1_000_000)


def test_what_is_to_come_outlives_what_is_past(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of generations that are over what is past goes, and what was put off to a later second
    stays."""
    recent = Recent()
    recent.takes(key(-1), 9_000_000)
    recent.takes(key(-2), 1_000_000)
    for generation in range(3):
        now_s = 1_010.0 + 10 * generation
        monkeypatch.setattr(touch, "time", lambda now_s=now_s: now_s)
        for n in range(Recent.LIMIT + 1):
            recent.takes(key(generation * 10 * Recent.LIMIT + n), int(1000 * now_s))
    assert not recent.takes(key(-1), 9_000_000)
    assert recent.takes(key(-2), 1_000_000)
