"""What one item says of others is what those say: counts, last times, sums, owners and states."""

from __future__ import annotations

import importlib
from datetime import datetime, timedelta
from functools import cache
from inspect import getmembers, isfunction
from itertools import islice

import pytest

from loadstone.dataset import Dataset
from loadstone.system import load_system, system_names
from tests.together import AS_OF, Fact, Items

SCALE = 4_000
#: A larger one where the facts are about what is rare.
SCALES = {"acs": 16_000}


@cache
def items_of(system: str) -> Items:
    """Every stored item of a data set."""
    scale = SCALES.get(system, SCALE)
    dataset = Dataset(load_system(system), scale=scale, seed=13, as_of=AS_OF)
    return {
        entity.name: list(dataset.items(entity, 0, dataset.count(entity)))
        for entity in dataset.system.stored
    }


def facts_of(system: str) -> dict[str, Fact]:
    """By their names: the functions that a system's module makes itself and shows."""
    module = importlib.import_module(f"tests.together.{system}")
    return {
        name: fact
        for name, fact in getmembers(module, isfunction)
        if fact.__module__ == module.__name__ and not name.startswith("_")
    }


@pytest.mark.parametrize(
    ("system", "fact"),
    [(system, fact) for system in system_names() for fact in facts_of(system)],
)
def test_items_agree(system: str, fact: str) -> None:
    """No item contradicts another."""
    contradictions = list(islice(facts_of(system)[fact](items_of(system)), 3))
    assert not contradictions, "\n".join(map(str, contradictions))


@pytest.mark.parametrize("days", [1, 2, 3, 90])
def test_no_message_is_made_expired_or_ahead(days: int) -> None:
    """However few days messages are kept, they lie between those and the instant that the data is
    seen at."""
    setting = {"CONVERSATION_TTL_DAYS": days}
    dataset = Dataset(load_system("cmz"), scale=SCALE, as_of=AS_OF, settings=setting)
    kept = timedelta(days=days)
    for message in dataset.items("Message", 0, dataset.count("Message")):
        sent = datetime.fromisoformat(message["timestamp"])
        assert AS_OF - kept < sent <= AS_OF
        assert message["ttl"] == int((sent + kept).timestamp())
