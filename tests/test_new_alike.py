"""Drafts of tables where one thing stands in several attributes: it is drawn once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from loadstone.contract.contract import content_problems
from loadstone.dataset import Dataset
from loadstone.table import Index, Table
from tests.drafted import NOW, drafted, given

scores = Table("scores", partition_key="UserId", sort_key="GameTitle")
boxes = Table("boxes", partition_key="PK", sort_key="SK")
tickets = Table("tickets", partition_key="id", indexes=(Index("byState", partition_key="GSI1PK"),))


def made(folder: Path, table: Table, items: list[dict[str, Any]]) -> tuple[Dataset, str]:
    """A data set of a draft with which nothing is wrong, and the draft's fixtures."""
    system, texts = drafted(folder, given(table, items))
    wrong = [str(each) for each in content_problems(system, say=lambda _: None) if each.wrong]
    assert wrong == []
    return Dataset(system, scale=2000, as_of=NOW), next(iter(texts.values()))


def rows(dataset: Dataset, entity: str) -> list[dict[str, Any]]:
    return list(dataset.items(entity, 0, dataset.count(entity)))


def box_items(**more: Any) -> list[dict[str, Any]]:
    """Boxes of a name each, with a few numbers, in both keys as digits."""
    random = Random(4)
    found = []
    for name in (f"{random.getrandbits(30):08x}" for _ in range(60)):
        for number in random.sample(range(1, 20), 3):
            key = f"BOX#{name}#{number:04}"
            own = {key: each(number) for key, each in more.items()}
            found.append({"PK": key, "SK": key, "boxName": name, **own})
    return found


def test_a_number_in_both_keys_and_an_attribute_is_drawn_once(tmp_path: Path) -> None:
    """7 is 0007 in the keys of the item that it is in."""
    dataset, _ = made(tmp_path, boxes, box_items(boxNumber=int))
    (entity,) = dataset.system.entities
    found = rows(dataset, entity)
    assert len({each["boxNumber"] for each in found}) > 5
    for each in found:
        assert each["PK"] == each["SK"]
        assert each["PK"].endswith(f"#{each['boxName']}#{each['boxNumber']:04}")


def test_digits_that_are_no_attribute_are_drawn_once(tmp_path: Path) -> None:
    """Where nothing else has the number, the keys are alike all the same."""
    dataset, _ = made(tmp_path, boxes, box_items())
    (entity,) = dataset.system.entities
    found = rows(dataset, entity)
    assert len({each["PK"][-4:] for each in found}) > 5
    assert all(each["PK"] == each["SK"] for each in found)


def test_digits_as_a_text_without_zeros_are_drawn_once(tmp_path: Path) -> None:
    """A number that an attribute has as text is that text there, and padded in the keys."""
    dataset, _ = made(tmp_path, boxes, box_items(boxNumber=str))
    (entity,) = dataset.system.entities
    for each in rows(dataset, entity):
        assert isinstance(each["boxNumber"], str)
        assert each["PK"].endswith(f"#{int(each['boxNumber']):04}")


def test_numbers_that_are_alike_in_some_items_alone_are_two(tmp_path: Path) -> None:
    """One item in which they differ says that they are not the same."""
    items = box_items(boxNumber=int)
    items[5]["boxNumber"] += 1
    dataset, _ = made(tmp_path, boxes, items)
    (entity,) = dataset.system.entities
    found = rows(dataset, entity)
    assert any(int(each["PK"][-4:]) != each["boxNumber"] for each in found)


def test_a_state_and_its_key_agree(tmp_path: Path) -> None:
    """What an index has in capitals and with underscores is the state of the same item."""
    random = Random(4)
    states = [random.choice(("open", "in progress", "closed", "closed")) for _ in range(200)]
    shown = {state: f"STATUS#{state.upper().replace(' ', '_')}" for state in states}
    items = [
        {"id": f"t{n:05}", "status": state, "GSI1PK": shown[state]}
        for n, state in enumerate(states)
    ]
    dataset, fixtures = made(tmp_path, tickets, items)
    (entity,) = dataset.system.entities
    found = rows(dataset, entity)
    pairs = {(each["status"], each["GSI1PK"]) for each in found}
    assert pairs == set(shown.items())
    assert "shaped(Weights((" in fixtures


def test_states_that_do_not_go_together_are_drawn_apart(tmp_path: Path) -> None:
    """Of words that are spelled alike in some items alone, each is drawn for itself."""
    items: list[dict[str, Any]] = [
        {
            "id": f"t{n:05}",
            "status": ("open", "closed")[n % 2],
            "GSI1PK": f"STATUS#{('OPEN', 'CLOSED')[n % 7 % 2]}",
        }
        for n in range(200)
    ]
    dataset, _ = made(tmp_path, tickets, items)
    (entity,) = dataset.system.entities
    found = rows(dataset, entity)
    assert len({(each["status"], each["GSI1PK"]) for each in found}) == 4


def test_a_few_titles_as_sort_keys_are_the_titles(tmp_path: Path) -> None:
    """Who has two of five games has two different ones, all games are played, and nobody is told
    that each is another one."""
    random = Random(4)
    titles = ("Zebra Chess", "Zebra Go", "Zebra Poker", "Zebra Tetris", "Zebra Pong")
    items: list[dict[str, Any]] = [
        {"UserId": f"u{user:04}", "GameTitle": title, "TopScore": random.randint(1, 9999)}
        for user in range(150)
        for title in random.sample(titles, random.choice((1, 1, 1, 2, 5)))
    ]
    dataset, fixtures = made(tmp_path, scores, items)
    found = rows(dataset, "Score")
    held = Counter(each["UserId"] for each in found)
    assert 1 < max(held.values()) <= len(titles)
    assert len({(each["UserId"], each["GameTitle"]) for each in found}) == len(found)
    assert len({each["GameTitle"] for each in found}) == len(titles)
    assert "stand-ins, 5 of 5" in fixtures
    assert "each is another one" not in fixtures
    assert "how unevenly they are spread is left out" in fixtures.replace("\n# ", " ")
    assert "Zebra" not in fixtures
