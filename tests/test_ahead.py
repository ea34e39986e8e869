"""Items asked for one after the other, and by jumping about."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import localcontext

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import loadstone
from loadstone import (
    Entity,
    PerParent,
    calendar,
    case,
    chance,
    decimal,
    either,
    fill,
    iso,
    moment,
    month_start,
    pick,
    segments,
    several,
    text,
    ulid,
    when,
    whole,
)
from loadstone.ahead import FEW, FIRST, MOST, Ahead, values_in
from loadstone.errors import BadValue
from loadstone.fields.code import KEPT_OF_ALL
from loadstone.wire import decode
from tests.systems import dataset_of, things
from tests.test_fields import call, made, visit

RUNS = st.lists(st.tuples(st.integers(0, 900), st.integers(1, 3 * FIRST)), min_size=1, max_size=6)


@settings(deadline=None, max_examples=50)
@pytest.mark.parametrize("entity", [visit, call], ids=lambda entity: entity.name)
@given(runs=RUNS)
def test_the_way_there_changes_nothing(entity: Entity, runs: list[tuple[int, int]]) -> None:
    """Whatever was asked for before, an item is what it is by itself."""
    dataset = made()
    one = dataset.compile(entity, entity.shown())
    count = dataset.count(entity)
    for start, size in runs:
        for number in range(start % count, min(start % count + size, count)):
            assert dataset.item(entity, number) == one(number)


def test_an_item_is_its_askers_own() -> None:
    """Who changes an item changes no other, and not the one that is asked for again."""
    dataset = made()
    for number in range(200):
        dataset.item(visit, number).clear()
    assert all(dataset.item(visit, number) for number in (0, 1, 2, 100, 199))


def test_the_first_item_again_and_again_is_no_row() -> None:
    """Nothing is made ahead for who asks for one item, be it the first one."""
    dataset = made()
    for _ in range(200):
        dataset.item(visit, 0)
    assert dataset._aheads[visit]._next is None


def test_the_last_item_is_the_end() -> None:
    """Reading on past the last item is an error, and reading up to it is not."""
    dataset = made()
    ahead, count = Ahead(dataset, visit), dataset.count(visit)
    assert len([ahead.item(number) for number in range(count)]) == count
    with pytest.raises(IndexError):
        ahead.item(count)
    assert len(list(ahead.items(count - 3, count))) == 3


def test_items_stand_in_line() -> None:
    """Items of a range come in the order of their numbers, over more than one making."""
    dataset = made(scale=40_000)
    assert dataset.count(visit) > MOST + 100
    singly = [dataset.item(visit, number) for number in range(MOST + 99, 4, -1)]
    assert list(dataset.items(visit, 5, MOST + 100)) == singly[::-1]


def test_decimals_are_found_wherever_they_stand() -> None:
    """Made together, an item has its decimals where it has them alone: in maps and lists, in what
    is there only sometimes, in one of two shapes, and in what a parent gives."""
    rate = {"of": decimal(-2, 2), "pair": ["x", decimal(0, 2_000, places=6)]}
    shop = Entity("Shop", facts={"id": whole(0, 9), "rate": rate, "fee": decimal(0, 5)})
    sale = Entity(
        "Sale",
        table=things,
        parent=shop,
        per_parent=PerParent(4, spread=1.5),
        item={
            "id": text("{n}", n=loadstone.number),
            "price": decimal(0, 70_000),
            "off": when(chance(0.4), decimal(0, 1)),
            "tax": either(chance(0.5), {"rates": [decimal(0, 1), 3]}, {"none": True}),
            "given": shop["rate"],
            "seldom": when(chance(0.3), {"fee": shop["fee"], "note": "\u00e9"}),
        },
    )
    dataset = dataset_of(shop, sale, scale=1_000)
    one = dataset.compile(sale, sale.shown())
    singly = [one(item) for item in range(700)]
    assert list(dataset.items(sale, 0, 700)) == singly
    assert list(map(repr, dataset.items(sale, 0, 700))) == list(map(repr, singly))


def test_a_text_of_a_text_and_of_a_tiny_decimal_is_that_of_each() -> None:
    """A text in a text, of what the item shows later or not at all, and decimals that Python would
    write in powers of ten, are alike made singly, together and for the wire."""
    price, tiny = decimal(0, 9), decimal(-0.0001, 0.0001, places=8)
    label = text("a{price}", price=price)
    thing = Entity(
        "Thing",
        table=things,
        item={
            "id": text("{n}", n=loadstone.number),
            "label": label,
            "price": {"of": price},
            "behind": text("{label}!", label=label),
            "tiny": tiny,
            "off": text("<{tiny}>", tiny=tiny),
            "twice": fill("{tiny}{tiny}", tiny=tiny),
        },
    )
    dataset = dataset_of(thing, scale=600)
    one = dataset.compile(thing, thing.shown())
    singly = [one(item) for item in range(600)]
    assert list(dataset.items(thing, 0, 600)) == singly
    assert [decode(orjson.loads(row)) for row in dataset.rows(thing, 0, 600)] == singly
    assert not any("E" in item["off"] + item["twice"] for item in singly)


def test_texts_and_lists_of_items_made_together_are_those_of_each() -> None:
    """What JSON would escape, what is wider than a byte, what is null, and lists of a parent's:
    made together, an item has them as it has them alone, and they are its own."""
    born, at = moment(days=30, in_order=False), moment(days=30, in_order=False)
    owner = Entity(
        "Owner",
        facts={
            "id": text("{n}", n=loadstone.number),
            "likes": {"most": several(['a"b', "\u2014", "\u00e9", "\U0001f600"], 1, 3)},
            "day": calendar(born, "{weekday} \u2014 {day}"),
        },
    )
    pet = Entity(
        "Pet",
        table=things,
        parent=owner,
        per_parent=PerParent(3, spread=1.5),
        item={
            "id": text("\u2014\n{mark}\\{n}", mark=ulid(at), n=loadstone.number),
            "likes": owner["likes"],
            "day": owner["day"],
            "note": case(whole(0, 2), None, fill(["{of} \u2014", "\t"], of=owner["id"]), "x"),
            "name": pick(["\u00e9", "\U0001f600", '"']),
            "size": segments(pick(["\u00e9", "\n", "{", "\u2014" * 71])),
            "seldom": when(chance(0.01), {"some": several(["a", "b"], 0, 2)}),
        },
    )
    dataset = dataset_of(owner, pet, scale=900)
    one = dataset.compile(pet, pet.shown())
    items = list(dataset.items(pet, 0, 600))
    assert list(map(repr, items)) == [repr(one(number)) for number in range(600)]
    for item in items[1:]:
        item["likes"]["most"].clear()
    assert items[0] == one(0)


def test_an_item_from_far_away_is_the_one_among_its_siblings() -> None:
    """An item that is made with all that it has of its parents, and only the slots that its
    template has, is the same as made in a row, and as made with what its family remembers."""
    at = moment(days=30, in_order=False)
    names = [f"name {number}" for number in range(8)]
    deep = fill(["{name} at {when}", "{name}", "nobody"], name=pick(names), when=iso(at))
    root = Entity("Root", facts={"id": text("r{n}", n=loadstone.number), "at": at, "said": deep})
    leaf = Entity(
        "Leaf",
        table=things,
        parent=root,
        per_parent=PerParent(3, spread=1.5),
        item={
            "id": text("{root}#{n:05}", root=root["id"], n=loadstone.number),
            "said": fill(
                ["{said}, {price} on {day}", "{price}", "{far}", "{said}"],
                said=root["said"],
                price=whole(1, 2_000),
                day=calendar(root["at"], "{day} {name}"),
                far=fill(["{name}!", "-"], name=root.at(whole(0, 9))["id"]),
            ),
            "since": iso(root["at"]),
        },
    )
    dataset = dataset_of(root, leaf, scale=15_000)
    assert dataset.count(root) > KEPT_OF_ALL
    together = list(dataset.items(leaf, 0, 6_000))
    among = dataset.compile(leaf, leaf.shown())
    for number in range(5_999, 0, -7):
        assert dataset.item(leaf, number) == among(number) == together[number]


def test_months_and_decimals_of_any_size_are_those_of_each() -> None:
    """A month before 1970 or far ahead, and a decimal of any size, whatever it is rounded to
    elsewhere, are in items made together what they are in each alone."""
    day = whole(-2_000, 60_000) * 86_400_000
    sizes = [(0, 6), (90, 6), (2_000, 6), (900, 4), (900_000, 2), (20_000_000, 2), (2 * 10**8, 1)]
    cost = {f"{high} {places}": decimal(0, high, places=places) for high, places in sizes}
    note = Entity(
        "Note",
        table=things,
        item={
            "id": text("{n}", n=loadstone.number),
            "months": [iso(month_start(day, back)) for back in (0, 1, whole(0, 900))],
            "lately": iso(month_start(whole(9_000, 30_000) * 86_400_000, whole(0, 9))),
            "cost": cost,
        },
    )
    dataset = dataset_of(note, scale=900)
    one = dataset.compile(note, note.shown())
    with localcontext() as context:
        context.prec = 3
        items = list(dataset.items(note, 0, 900))
    assert list(map(repr, items)) == [repr(one(number)) for number in range(900)]


def test_reading_again_from_the_start_is_reading_on() -> None:
    """After the last item the first one is the next: those who go round wait for nothing."""
    dataset = made()
    ahead, count = Ahead(dataset, visit), dataset.count(visit)
    round_and_round = [ahead.item(number % count) for number in range(2 * count + 40)]
    assert round_and_round[:count] == round_and_round[count : 2 * count]
    assert ahead._next == 40


def test_values_are_counted_on_all_levels() -> None:
    """A map and a list count, and so does what is in them."""
    assert values_in({"a": 1, "b": [1, 2], "c": {"d": None}}) == 7


@pytest.mark.parametrize("size", [1, 9, 11, 120, 5_000])
def test_a_sample_has_its_size(size: int) -> None:
    """A sample is of the items that there are, none twice, and all where there are no more."""
    dataset = made(scale=2_000)
    every = list(dataset.items(visit, 0, dataset.count(visit)))
    sample = dataset.sample(visit, size)
    assert len(sample) == min(size, len(every))
    assert sample == dataset.sample(visit, size)
    places = [every.index(item) for item in sample]
    assert sorted(set(places)) == places


def test_several_ranges_are_the_same_rows() -> None:
    """Rows of several ranges, in whatever order, are those of each by itself."""
    dataset = made(scale=2_000)
    ranges = [range(400, 440), range(3, 4), range(9, 9), range(0, 100), range(50, 120)]
    together = dataset.rows_of(visit, ranges, before="<", after=">")
    alone = [dataset.rows(visit, each.start, each.stop, before="<", after=">") for each in ranges]
    assert [rows.joined() for rows in together] == [rows.joined() for rows in alone]
    assert [len(rows) for rows in together] == [len(each) for each in ranges]


def test_what_stands_in_several_places_is_the_same_in_each() -> None:
    """A time or an identifier that stands in a map, deeper in it and in what is there only
    sometimes reads alike in all; rows joined at once are those of each, one after the other."""
    at = moment(days=30, in_order=False)
    mark, said = ulid(at), fill(["{of}" * 40, "{of}", "\u00e9 {of}"], of=pick(["a", "b\n", "c"]))
    note = Entity(
        "Note",
        table=things,
        item={
            "id": text("{n}", n=loadstone.number),
            "mark": mark,
            "at": iso(at, "milliseconds"),
            "deep": {"mark": mark, "at": (again := iso(at)), "size": segments(said)},
            "some": when(chance(0.4), mark),
            "said": said,
            "again": again,
        },
    )
    dataset = dataset_of(note, scale=700)
    one = dataset.compile(note, note.shown())
    rows = dataset.rows(note, 0, 700, after="\n")
    assert [decode(orjson.loads(row)) for row in rows] == [one(item) for item in range(700)]
    assert rows.joined() == b"".join(rows) == b"".join(rows.parts())
    assert rows.joined(90, 300) == b"".join(list(rows)[90:300])
    assert all(item["mark"] == item["deep"]["mark"] for item in dataset.items(note, 0, 700))


def test_siblings_made_one_by_one_are_each_their_askers_own() -> None:
    """Maps and lists that siblings have of their parent, and of what is above it, are in each of
    them a value of its own: who changes one changes no other, and none that is asked for later."""
    chain = Entity(
        "Chain",
        facts={"id": text("{n}", n=loadstone.number), "has": several(["a", "b", "c"], 2, 3)},
    )
    shop = Entity(
        "Shop",
        parent=chain,
        per_parent=PerParent(2),
        facts={
            "open": {"days": several(["Mo", "Tu", "We"], 2, 3), "at": [8, {"from": whole(0, 9)}]},
            "note": case(whole(0, 1), None, {"seen": ["x"]}),
        },
    )
    sale = Entity(
        "Sale",
        table=things,
        parent=shop,
        per_parent=PerParent(6),
        item={
            "id": text("{n}", n=loadstone.number),
            "has": chain["has"],
            "open": shop["open"],
            "note": shop["note"],
        },
    )
    dataset = dataset_of(chain, shop, sale, scale=600)
    found = [dataset.item(sale, number) for number in range(24)]
    found += dataset.items(sale, 100, 124)
    found += [dataset.item(sale, number) for number in range(300, 200, -4)]
    before = list(map(repr, found))
    for place, item in enumerate(found):
        assert repr(item) == before[place]
        item["has"].clear()
        item["open"]["days"].append("Su")
        item["open"]["at"][1].clear()
        if item["note"]:
            item["note"]["seen"].clear()
    assert {"None", "{'seen': ['x']}"} == {repr(dataset.item(sale, n)["note"]) for n in range(24)}
    assert [repr(dataset.item(sale, number)) for number in range(24)] == before[:24]


def test_threads_that_ask_at_once_get_what_they_asked_for() -> None:
    """However often threads that read the same items, or others, take turns, each is given the
    items that it asks for: none of another's, none that another has too, and no end too early."""
    dataset = made(scale=4_000)
    ahead, count = Ahead(dataset, visit), dataset.count(visit)
    wanted = list(dataset.items(visit, 0, count))
    starts = (0, 0, 700)
    found: list[list[dict[str, object]]] = [[] for _ in starts]

    def read(start: int, into: list[dict[str, object]]) -> None:
        into.extend(ahead.item((start + at) % count) for at in range(1_500))

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(len(starts)) as threads:
            reading = [threads.submit(read, *each) for each in zip(starts, found, strict=True)]
    finally:
        sys.setswitchinterval(usual)
    for each in reading:
        each.result()
    for start, items in zip(starts, found, strict=True):
        assert items == [wanted[(start + at) % count] for at in range(1_500)]
    assert len({id(item) for items in found for item in items}) == 1_500 * len(starts)


@settings(deadline=None, max_examples=30)
@pytest.mark.parametrize("entity", [visit, call], ids=lambda entity: entity.name)
@given(numbers=st.lists(st.integers(0, 900), max_size=3 * FEW))
def test_items_of_some_numbers_are_those_by_number(entity: Entity, numbers: list[int]) -> None:
    """Whatever the numbers and their order, and each its asker's own when asked for twice."""
    dataset = made()
    numbers = [number % dataset.count(entity) for number in numbers]
    found = list(dataset.items_of(entity, numbers))
    assert found == [dataset.item(entity, number) for number in numbers]
    assert len(set(map(id, found))) == len(numbers)


def test_of_numbers_all_must_be_there() -> None:
    """One that is not is refused before any item is made."""
    dataset = made()
    count = dataset.count(visit)
    for number in (-1, count):
        with pytest.raises(BadValue, match=f"Visit has {count} items"):
            dataset.items_of(visit, [0, number])
