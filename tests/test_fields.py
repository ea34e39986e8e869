"""Expressions: one at a time and in columns, the same to the byte."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ulid import ULID

from loadstone import (
    DAY_MS,
    Entity,
    LogNormal,
    PerParent,
    Pool,
    Table,
    Weights,
    Zipf,
    as_of,
    calendar,
    case,
    chance,
    choose,
    count_of,
    decimal,
    either,
    epoch,
    fill,
    first_of,
    iso,
    last_of,
    least,
    moment,
    month_start,
    most,
    nth,
    number,
    one_of,
    pick,
    position,
    repeated,
    scaled,
    segments,
    several,
    shaped,
    siblings,
    split,
    text,
    token,
    ulid,
    ulid_of,
    uuid,
    when,
    whole,
    word_count,
)
from loadstone.dataset import Dataset
from loadstone.errors import BadContent, BadValue, UnknownName
from loadstone.fields.counts import segments_in
from loadstone.fields.digits import decimal_text
from loadstone.wire import decode, encode
from tests.systems import dataset_of, things

NAUGHTY = ('He said "no"', "back\\slash", "line\nbreak", "tab\t", "é日本😀", "{braces}", "%s", "")
ANIMALS = (
    {"name": "lion", "legs": 4, "tame": False, "says": ("roar {who}", 'a "roar"')},
    {"name": "hen", "legs": 2, "tame": True, "says": ("cluck\n{who}",)},
)
PEOPLE = Pool(
    "people", size=50, draw=lambda fake: {"first": fake.first_name(), "last": fake.last_name()}
)

NAMES = Pool("name", size=40)

herd = Entity(
    "Herd",
    facts={
        "id": text("herd_{n:04}", n=number),
        "animal": one_of(ANIMALS),
        "keeper": pick(NAMES),
        "since": moment(days=100, in_order=False),
        "visits": whole(0, 5000),
        "tame": chance(0.5),
    },
)
visit: Entity = Entity(
    "Visit",
    table=things,
    parent=herd,
    per_parent=PerParent(7, spread=2.5),
    created=herd["since"] + position * 1000,
    item={
        "id": text("{herd}/{k}", herd=herd["id"], k=position),
        "constant": 'quote " and {brace}',
        "nothing": None,
        "yes": True,
        "zero": 0,
        "number": number,
        "of": siblings,
        "even": whole(-3, 3),
        "upto": whole(0, siblings - 1),
        "long": shaped(LogNormal(100, spread=2.0)),
        "rank": shaped(Zipf(20, 1.1)),
        "weighted": shaped(Weights((5, 0, 1))),
        "sum": (number + 3) * 2 - position // 2 % 5,
        "bounded": least(most(position, 2), 4),
        "compared": (position < 3) | ~(position >= 2) & chance(0.5),
        "share": split(herd["visits"]),
        "part": split(
            herd["visits"],
            place=number - first_of(lambda: visit).number,
            among=count_of(lambda: visit),
        ),
        "price": decimal(-1, 20, places=2),
        "cents": scaled(position * 10, 2),
        "at": iso(herd["since"]),
        "exactly": iso(herd["since"] + whole(0, 999), "milliseconds"),
        "day": calendar(herd["since"], 'on "{weekday}", {name} {day}, {year}'),
        "later": moment(since=herd["since"] // DAY_MS * DAY_MS, days=1 + position),
        "month": calendar(month_start(herd["since"], position), "{year}-{month:02}-{day}"),
        "ttl": epoch(as_of + 30 * DAY_MS),
        "ulid": ulid(herd["since"]),
        "uuid": uuid(),
        "secret": token(23),
        "grouped": token(25, every=9),
        "naughty": pick(NAUGHTY[:-1]),
        "maybe empty": either(chance(0.5), "", pick(NAUGHTY[:-1])),
        "person": text("{f} {l}", f=one_of(PEOPLE)["first"], l=one_of(PEOPLE)["last"]),
        "animal": herd["animal"]["name"],
        "legs": herd["animal"]["legs"],
        "tame": herd["animal"]["tame"],
        "keeper": herd["keeper"],
        "herd": herd["id"],
        "visited": herd["visits"],
        "bold": herd["tame"],
        "says": fill(herd["animal"]["says"], who=herd["keeper"]),
        "topic": fill((("a {x}", "b"), ("c {x} {x}",)), by=position % 2, x=pick(NAUGHTY[:-1])),
        "words": word_count(fill("{x} and more", x=pick(NAUGHTY[:-1]))),
        "told": text(
            "{{{n:03}}} {said} {also}, {ulid}",
            n=position,
            said=fill(("{{x}}: {x}", "b", "{x}{x}"), x=pick(NAUGHTY[:-1])),
            also=fill(("not {x}", "{x}"), x=herd["keeper"]),
            ulid=ulid(herd["since"]),
        ),
        "state": choose(active=9, closed=1),
        "nth": nth(("first", "second", "third"), position % 3),
        "tags": several(("a", 'b"', "c", "d"), 0, 3),
        "repeated": repeated(lambda: {"n": whole(1, 9), "é": token(3)}, (0, 1, 5), (3, 2, 1)),
        "always two": repeated(lambda: token(4), (2,)),
        "sparse": when(herd["tame"], herd["keeper"]),
        "map": {"always": position, "some": when(chance(0.3), {"deep": herd["id"]}), "é": [1, "x"]},
        "one of three": case(position % 3, "zero", pick(NAUGHTY[:-1]), herd["id"]),
        "maps": either(herd["tame"], {"a": 1}, {"b": pick(NAUGHTY[:-1])}),
        "numbers": either(herd["tame"], position, whole(5, 9)),
        "decimals": either(herd["tame"], decimal(0, 1), decimal(2, 3)),
        "flags": either(herd["tame"], chance(0.5), False),
        "another": (linked := herd.at(herd["visits"] % 3))["keeper"],
        "another's": linked["visits"],
        "perhaps": either(herd["tame"], herd["keeper"], None),
        "perhaps deep": [case(position % 2, None, {"tame": herd["tame"]})],
    },
)
summary = Entity(
    "Summary",
    table=things,
    parent=herd,
    per_parent=PerParent(1),
    item={
        "id": text("{herd}/summary", herd=herd["id"]),
        "visits": count_of(visit),
        "first": first_of(visit)["id"],
        "last": last_of(visit)["at"],
        "total": herd["visits"],
    },
)
note = Entity(
    "Note",
    table=things,
    parent=herd,
    per_parent=PerParent(0.3, least=0, most=1),
    item={"id": text("{herd}/note", herd=herd["id"]), "position": position},
)
copy = Entity(
    "Copy",
    table=things,
    parent=visit,
    per_parent=PerParent(1),
    item={
        "id": text("{visit}/copy", visit=visit["id"]),
        "sparse": visit["sparse"],
        "map": visit["map"],
    },
)

message_id = ulid(visit["long"] * 1000 + position)
call: Entity = Entity(
    "Call",
    table=things,
    parent=visit,
    per_parent=PerParent(2, spread=1.5),
    item={
        "id": message_id,
        "first call": ulid_of(message_id, first_of(lambda: call).number, visit["long"] * 1000),
        "segments": segments(fill("{x} {y}" * 12, x=pick(NAUGHTY[:-1]), y=visit["naughty"])),
        "of": count_of(lambda: call),
        "above": when(visit["tame"], visit["long"]),
        "condition": when(late := position > 0, 1),
        "shared": when(late, {"also": message_id}),
        "own": case(position % 2, visit["map"], {"a": visit["says"]}),
        "keeper": herd["keeper"],
        "herd's": herd["visits"],
        "says": visit["says"],
    },
)


def made(seed: int = 1, scale: int = 5000) -> Dataset:
    return dataset_of(herd, visit, summary, note, copy, call, scale=scale, seed=seed)


def wire_of(dataset: Dataset, entity: Entity, start: int, stop: int) -> list[bytes]:
    return list(dataset.rows(entity, start, stop))


@settings(deadline=None)
@pytest.mark.parametrize(
    "entity", [visit, summary, note, copy, call], ids=lambda entity: entity.name
)
@given(start=st.integers(0, 10**6), size=st.integers(1, 40), seed=st.sampled_from([1, 2, 99]))
def test_columns_equal_single_items(entity: Entity, start: int, size: int, seed: int) -> None:
    """Items in a column and in a loop are, byte for byte, what each is by itself."""
    dataset = made(seed)
    start %= dataset.count(entity)
    stop = min(start + size, dataset.count(entity))
    one = dataset.compile(entity, entity.shown())
    singly = [orjson.dumps(encode(one(n))) for n in range(start, stop)]
    assert wire_of(dataset, entity, start, stop) == singly
    together = dataset.items(entity, start, stop)
    assert [orjson.dumps(encode(item)) for item in together] == singly


@settings(deadline=None)
@given(start=st.integers(0, 10**6), size=st.integers(1, 90), seed=st.sampled_from([1, 2, 99]))
def test_templates_share_what_fills_them_in(start: int, size: int, seed: int) -> None:
    """Templates that are filled in for some items take what others have for all of them, or make
    their own, and read as each item's by itself."""
    parent = Entity("Owner", share=0.1, facts={"name": pick(NAMES), "town": choose("Ulm", "Bonn")})
    words = {
        "name": parent["name"],
        "town": parent["town"],
        "ref": 100_000 + number * 7919 % 900_000,
        "few": whole(2, 9),
        "pet": pick(("cat", "dog", 'the "boss"')),
        "who": either(chance(0.5), pick(NAMES), "nobody"),
    }
    often = fill(("{name} {ref}", "{pet} {who}", "{few} of {town}", "none"), **words)
    seldom = fill(("{who} {pet} {ref}", "{town} {few}", "{name} {few} {ref}"), **words)
    told = {"first": often, "then": either(chance(0.3), seldom, ""), "last": fill("{ref}", **words)}
    letter = Entity("Letter", parent=parent, per_parent=PerParent(7, spread=2.0), facts=told)
    stored = Entity(
        "Stored",
        table=things,
        parent=letter,
        per_parent=PerParent(1),
        item={"id": text("{n}", n=number)} | {name: letter[name] for name in told},
    )
    dataset = dataset_of(parent, letter, stored, seed=seed)
    start %= dataset.count(stored)
    stop = min(start + size, dataset.count(stored))
    one = dataset.compile(stored, stored.shown())
    singly = [orjson.dumps(encode(one(n))) for n in range(start, stop)]
    assert wire_of(dataset, stored, start, stop) == singly


def test_a_template_in_a_text_is_read_in_a_row_as_alone() -> None:
    """Templates stand in a text as often as it says, and keep what fills them in, whatever it is
    called."""
    pet = fill(("{x} barks", "it is {x}", "none"), x=pick(NAMES))
    named = fill(("{0} x", "y{0}", "{__1}"), **{"0": pick(NAMES), "__1": whole(1, 9)})
    abroad = fill(
        ("{größe} cm", 'so "{größe}"', "{名}: {größe}"), größe=whole(1, 9), 名=pick(NAMES)
    )
    texts = {
        "abroad": abroad,
        "around": text("{p}: {q}", p=abroad, q=pick(NAMES)),
        "two": text("{p} and {q}", p=pet, q=pet),
        "again": text("{p} and {p}: {p}", p=pet),
        "named": text("{p:03}-{q}-{p}", p=whole(1, 99), q=named),
        "both": text("{q}, {p}, {q}, {p}", p=pet, q=named),
    }
    for name, each in texts.items():
        entity = Entity(
            "Told", table=things, share=1, item={"id": text("{n}", n=number), "a": each}
        )
        dataset = dataset_of(entity, scale=60)
        singly = [orjson.dumps(encode(dataset.item(entity, n))) for n in range(60)]
        assert wire_of(dataset, entity, 0, 60) == singly, name


def test_scattered_columns_equal_single_values() -> None:
    """Looking up scattered numbers gives each the value it has by itself."""
    dataset = made()
    wanted = [dataset.item(herd, dataset.item(herd, n)["visits"] % 3) for n in range(50)]
    firsts = [dataset.children(herd, n, visit)[0] for n in range(50)]
    assert [dataset.item(visit, n)["another"] for n in firsts] == [w["keeper"] for w in wanted]


def test_wire_decodes_to_the_item() -> None:
    """What goes over the wire reads back as the item."""
    dataset = made()
    for n, body in enumerate(dataset.rows(visit, 0, 200)):
        assert decode(orjson.loads(body)) == dataset.item(visit, n)


def test_seed_changes_items_and_nothing_else_does() -> None:
    """Another seed gives other items; the same seed the same ones."""
    assert made(1).item(visit, 17) == made(1).item(visit, 17)
    assert made(1).item(visit, 17) != made(2).item(visit, 17)


def test_numbers_that_are_not_there_are_refused() -> None:
    """An item beyond the last one is an error that says how many there are, singly and in rows."""
    dataset = made()
    count = dataset.count(visit)
    for ask in (lambda: dataset.item(visit, count), lambda: dataset.rows(visit, 0, count + 1)):
        with pytest.raises(BadValue, match=str(count)):
            ask()


def test_split_adds_up() -> None:
    """The parts of a parent's total add up to it, and none is negative."""
    dataset = made()
    for parent in range(dataset.count(herd)):
        parts = [dataset.item(visit, n)["share"] for n in dataset.children(herd, parent, visit)]
        assert sum(parts) == dataset.item(herd, parent)["visits"]
        assert min(parts) >= 0
        placed = [dataset.item(visit, n)["part"] for n in dataset.children(herd, parent, visit)]
        assert sum(placed) == sum(parts)
        assert min(placed) >= 0


def test_days_and_months_are_the_calendars() -> None:
    """A day is written as the calendar has it, and a month starts on its first day."""
    dataset = made()
    for n in range(0, dataset.count(visit), 3):
        item = dataset.item(visit, n)
        since = datetime.fromisoformat(item["at"])
        assert item["day"] == since.strftime('on "%A", %B ') + f"{since.day}, {since.year}"
        assert 0 <= item["later"] // DAY_MS - since.timestamp() // 86_400 <= item["of"]
        months = since.year * 12 + since.month - 1 - dataset.fan_out(visit).place(n).position
        assert item["month"] == f"{months // 12}-{months % 12 + 1:02}-1"


def test_parents_count_their_children() -> None:
    """count_of, first_of and last_of are what the children say."""
    dataset = made()
    for n in range(0, dataset.count(summary), 7):
        item = dataset.item(summary, n)
        children = [dataset.item(visit, c) for c in dataset.children(herd, n, visit)]
        assert item["visits"] == len(children)
        assert item["first"] == children[0]["id"]
        assert item["last"] == children[-1]["at"]


def test_at_most_one() -> None:
    """A parent has one or none of what it can have once, in the stated share."""
    dataset = made()
    counts = [len(dataset.children(herd, n, note)) for n in range(dataset.count(herd))]
    assert set(counts) == {0, 1}
    assert sum(counts) == dataset.count(note)
    assert sum(counts) == pytest.approx(0.3 * len(counts), rel=0.02)


def test_ulid_holds_its_instant() -> None:
    """A ULID is valid, and its time is the instant it was made of."""
    dataset = made()
    for n in range(100):
        item = dataset.item(visit, n)
        assert ULID.from_str(item["ulid"]).datetime.strftime("%Y-%m-%dT%H:%M:%SZ") == item["at"]


def test_ulid_of_another_is_its_own() -> None:
    """ulid_of gives what the other item itself has, and count_of what comes later is its number."""
    dataset = made()
    for n in range(0, dataset.count(visit), 11):
        calls = [dataset.item(call, c) for c in dataset.children(visit, n, call)]
        assert {each["first call"] for each in calls} == {calls[0]["id"]}
        assert {each["of"] for each in calls} == {len(calls)}


@pytest.mark.parametrize(
    ("of", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("é" * 306, 2),
        ("é" * 307, 3),
        ("a" * 158 + "€", 1),
        ("a" * 159 + "€", 2),
        ("日" * 70, 1),
        ("日" * 71, 2),
        ("😀" * 36, 2),
        ("`" + "a" * 70, 2),
    ],
)
def test_segments_are_those_of_the_standard(of: str, count: int) -> None:
    """Seven-bit text has 160 characters in a segment or 153 in each; other text 70 or 67."""
    assert segments_in(of) == count


def test_moments_are_in_order_and_in_the_span() -> None:
    """Siblings come one after the other, within the days before as-of, at the hours given."""
    hours = [0] * 24
    hours[9], hours[17] = 3, 1
    day = Entity(
        "Day",
        table=things,
        parent=(root := Entity("Root", facts={"id": number})),
        per_parent=PerParent(20, spread=1.5),
        item={"id": text("{n}", n=number), "ms": moment(days=30, hours=hours), "of": root["id"]},
    )
    dataset = dataset_of(root, day, scale=2000)
    items = [dataset.item(day, n) for n in range(dataset.count(day))]
    for before, after in pairwise(items):
        assert before["of"] != after["of"] or before["ms"] <= after["ms"]
    for item in items:
        assert 0 < dataset.as_of_ms - item["ms"] <= 30 * DAY_MS
        assert item["ms"] // 3_600_000 % 24 in (9, 17)
    morning = sum(item["ms"] // 3_600_000 % 24 == 9 for item in items) / len(items)
    assert morning == pytest.approx(0.75, abs=0.05)


@given(st.integers(-(10**9), 10**9), st.integers(0, 6))
def test_decimal_text_is_the_decimal(scaled_value: int, places: int) -> None:
    """A scaled number is written as the decimal that it stands for, without needless zeros."""
    written = decimal_text(scaled_value, places)
    assert Decimal(written) == Decimal(scaled_value).scaleb(-places)
    assert not ("." in written and written.endswith("0"))


def raises(make: Any, *parts: str) -> None:
    with pytest.raises((BadContent, UnknownName)) as caught:
        make()
    assert all(part in str(caught.value) for part in parts), caught.value


def test_mistakes_of_an_author_say_what_to_do() -> None:
    """Each thing that an author can get wrong is refused where it is written, by name."""
    other = Entity("Other", facts={"coin": (coin := chance(0.5)), "id": number})
    raises(lambda: Entity("A", facts={"x": coin}), "belongs to Other", "Other[name]")
    raises(lambda: Entity("A", table=things, item={"name": "x"}), "no 'id'", "key of things")
    raises(lambda: Entity("A", table=things, item={"id": when(coin, "x")}), "must always be there")
    raises(lambda: Entity("A", parent=other), "go together")
    raises(lambda: other["nmae"], "nmae", "coin")
    raises(lambda: other["id"]["field"], "no choice among records")
    raises(lambda: text("{a}", b=1), "given no 'a'")
    raises(lambda: text("a", b=1), "no place for ['b']")
    raises(lambda: fill("{a}", b=1), "no slot 'a'")
    raises(lambda: [x for x in number], "looped")  # noqa: C416
    raises(lambda: bool(number > 1), "when()")
    raises(lambda: number + chance(0.1), "whole")
    raises(lambda: several(["a"], 1, 2), "cannot take")
    raises(lambda: repeated(lambda: 1, (0, -1)), "0 values or more")
    raises(lambda: repeated(lambda: 1, (0, 1), weights=(1,)), "each length a weight")
    raises(lambda: chance(1.5), "between 0 and 1")
    raises(lambda: calendar(number, "{hour}"), "{weekday}")
    raises(lambda: either(number, 1, 2), "flag")
    raises(lambda: either(coin, 1, "a"), "one kind")
    raises(lambda: PerParent(0.5), "mean is below the least")
    raises(lambda: PerParent(2, least=0, most=1), "above the most")


def test_a_float_is_refused() -> None:
    """DynamoDB has decimals, not floats: an author who writes one is told what to write."""
    floats: Sequence[Any] = [0.5]
    raises(lambda: Entity("A", facts={"x": floats[0]}), "0.5", "decimal(")


class Status(StrEnum):
    OPEN = "open"
    SHUT = "shut"


class Level(str, Enum):  # noqa: UP042  # shown by its name, unlike what it holds
    LOW = "low"
    HIGH = "high"


class Step(IntEnum):
    FIRST = 1


def test_members_of_enumerations_are_what_they_hold() -> None:
    """An application's own enumerations may be written in content: items made singly, and as they
    are seeded, have the values."""
    entity = Entity(
        "Thing",
        table=things,
        item={
            "id": text("{n}", n=number),
            "status": Status.OPEN,
            "step": Step.FIRST,
            "level": choose(*Level),
            "told": text("<{level}>", level=choose(*Level)),
            "nested": {"level": Level.LOW, "status": when(chance(0.9), Level.HIGH)},
        },
    )
    dataset = dataset_of(entity, scale=50)
    for item, row in zip(dataset.items(entity, 0, 50), dataset.rows(entity, 0, 50), strict=True):
        assert (item["status"], item["step"]) == ("open", 1)
        assert type(item["status"]) is str
        assert item["level"] in ("low", "high")
        assert item["told"] in ("<low>", "<high>")
        assert decode(orjson.loads(row)) == item


def test_of_whom_an_item_knows_is_told() -> None:
    """An attribute of an entity that is no ancestor is refused with the word for any item's."""
    vet = Entity("Vet", table=things, item={"id": text("v{n}", n=number)})
    pet = Entity("Pet", table=Table("pets", partition_key="id"), item={"id": text("{n}", n=number)})
    with pytest.raises(BadContent, match=r"Visit.vetId: Vet is no ancestor of Visit, .* any_of"):
        Entity(
            "Visit",
            table=Table("visits", partition_key="id"),
            parent=pet,
            per_parent=PerParent(3),
            item={"id": text("{n}", n=number), "vetId": vet["id"]},
        )
    with pytest.raises(BadContent, match="Vet: share is above 0, not -1"):
        Entity("Vet", share=-1)
