"""`loadstone check` of a system: what is said of the mistakes that people make, and where."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

from loadstone import (
    Documented,
    Entity,
    GetItem,
    Index,
    Maybe,
    Pattern,
    PerParent,
    Query,
    Some,
    Table,
    UpdateItem,
    Written,
    as_of,
    below,
    chance,
    epoch,
    fill,
    iso,
    moment,
    number,
    position,
    text,
    when,
    whole,
)
from loadstone.cli.check_content import check_systems, own_systems
from loadstone.client.answer import Answer
from loadstone.client.target import Target
from loadstone.contract.contract import content_problems, played_problems
from loadstone.contract.documents import documented_problems, prose_problems
from loadstone.contract.finding import finding_problems
from loadstone.contract.instants import created_problems
from loadstone.contract.keys import index_problems, key_problems
from loadstone.contract.legal import item_problems
from loadstone.contract.playing import pattern_problems, player_for, plays_in_words, unseen
from loadstone.contract.problem import Problem
from loadstone.contract.reach import reaches
from loadstone.contract.references import reference_problems
from loadstone.contract.sample import items_of
from loadstone.contract.scenario import scenario_problems
from loadstone.contract.tables import name_problems, table_problems, ttl_problems
from loadstone.dataset import Dataset
from loadstone.drafting.starter import starter
from loadstone.embedded.binary import Binary
from loadstone.errors import BadContent
from loadstone.run.call import Call
from loadstone.scenario.player import Player
from loadstone.system import System, load_system
from tests.commands import Ran, loadstone
from tests.shop import shop_system
from tests.systems import AS_OF, dataset_of, system_of

TEXTS = starter("orders")
FIXTURES, SCENARIO = TEXTS["fixtures/orders.py"], TEXTS["scenarios/orders.py"]


@pytest.fixture(scope="module")
def target(each_target: Target) -> Target:
    """Both engines, one after the other."""
    return each_target


def written(folder: Path, fixtures: str = FIXTURES, scenario: str = SCENARIO) -> Path:
    """A project with one system."""
    for name, content in (("fixtures", fixtures), ("scenarios", scenario)):
        (folder / name).mkdir()
        (folder / name / "orders.py").write_text(content)
    (folder / "pyproject.toml").write_text("[tool.loadstone]\n")
    return folder


def swapped(content: str, before: str, after: str) -> str:
    assert before in content
    return content.replace(before, after)


def line_of(content: str, words: str) -> int:
    return next(n for n, line in enumerate(content.splitlines(), 1) if words in line)


SOURCE = 'expects=Exactly(),\n    source=f"{DOCUMENT}: reading",'
KEY = '        "createdAt": iso(created, "milliseconds"),\n'


@pytest.mark.parametrize(
    ("room", "before", "after", "says"),
    [
        ("fixtures", KEY, "", "Entry: no 'createdAt', which is a key of orders"),
        ("fixtures", "decimal(1, 500)", "4.5", "Entry.amount: 4.5 is no value that an item"),
        ("fixtures", "parent=owner", "parent=entries", "parent is one of kind Entity, not Table"),
        ("fixtures", "PerParent(8, spread=2.5)", "8", "is one of kind PerParent, not int"),
        ("fixtures", 'owner["name"]', 'owner["nmae"]', "no attribute of Owner 'nmae'; there are"),
        (
            "fixtures",
            "partition_key=",
            "hash_key=",
            "has no 'hash_key'; it has name, ",
        ),
        ("fixtures", "    uuid,\n", "", "uses uuid without `from loadstone import uuid`"),
        ("fixtures", "    uuid,\n", "    uid,\n", "which Loadstone does not have; there is uuid"),
        ("fixtures", "import (", "import (\n    Faker,", "'Faker', which Loadstone does not have"),
        ("fixtures", "item={", "item={{", "is no Python"),
        ("scenarios", SOURCE, "expects=Exactly(),", "Pattern needs source=…"),
        ("scenarios", "one_entry: 3", "one_entri: 3", "'one_entri', which is not declared above"),
        ("scenarios", 'key={"status"', 'key={"state"', "has to say what 'status' is"),
        ("scenarios", '"StatusIndex"', '"StatusIdx"', "no index 'StatusIdx'; it has StatusIndex"),
        ("scenarios", "Every(entry)", "Exactly()", "Every() and Some() are for what a query finds"),
        ("scenarios", "entry, owner\n", "entri, owner\n", "which fixtures/orders.py does not have"),
        ("scenarios", "of=owner,", "of=owner, only=owner['name'] > 3,", "stands between two"),
        ("scenarios", "of=owner,", "of=entries,", "of is an Entity, not Table"),
        ("scenarios", "Exactly()", "Some", "one-entry: expects=Some lacks its brackets"),
        ("scenarios", "Exactly()", '"row"', "expects is one of Every(…), Exactly(…), Some(…)"),
        ("scenarios", "share=0.1", "share=10", "a share is above 0 and at most 1 (all of them)"),
        ("scenarios", "share=0.1", "share=0", "share=0.1 is a tenth of the Owners"),
        ("scenarios", "Touched(owner", "Touched(entries", "Touched is of an Entity, not Table"),
    ],
)
def test_a_mistake_in_a_file_is_said_with_its_line(
    room: str, before: str, after: str, says: str, tmp_path: Path
) -> None:
    """What a newcomer gets wrong is one line: the file, its line, what is wrong, what to do."""
    texts = {"fixtures": FIXTURES, "scenarios": SCENARIO}
    texts[room] = swapped(texts[room], before, after)
    with pytest.raises(BadContent) as told:
        load_system("orders", written(tmp_path, texts["fixtures"], texts["scenarios"]))
    assert says in str(told.value)
    assert f"/{room}/orders.py" in str(told.value)
    assert "\n" not in str(told.value)


def test_two_entities_have_two_names(tmp_path: Path) -> None:
    """A second entity of one name is refused: it would take the first one's place unseen."""
    twice = swapped(FIXTURES, '    "Entry",', '    "Owner",')
    with pytest.raises(BadContent, match="two entities called 'Owner'"):
        load_system("orders", written(tmp_path, twice))


TIME, NAME = 'iso(created, "milliseconds")', 'owner["name"]'


@pytest.mark.parametrize(
    ("before", "after", "attribute", "says", "line"),
    [
        (TIME, '"always"', "createdAt", "item 1 has the key of item 0", '"createdAt": '),
        (TIME, "created", "createdAt", 'say key_types={"createdAt": "N"}', '"createdAt": '),
        ('text("owner_{n:06}", n=number)', '""', "ownerId", "it is empty", '"ownerId": owner['),
        (
            'text("owner_{n:06}", n=number)',
            '""',
            "ownerId",
            "never is: have some",
            '"ownerId": own',
        ),
        (NAME, 'text("a{n}@gmail.com", n=number)', "ownerName", "is nobody's", '"ownerName": '),
        ("decimal(1, 500)", 'text("1.2.3.4")', "amount", "192.0.2.x is nobody's", '"amount": '),
        (
            'pick(Pool("name"))',
            'pick(Pool("nmae"))',
            "ownerName",
            "has no method 'nmae'",
            '"ownerName": ',
        ),
        (
            "created=created",
            "created=created + 400 * DAY_MS",
            "created",
            "hours after as-of",
            "created=created",
        ),
    ],
)
def test_what_is_wrong_with_items_is_said_where_it_is(
    before: str, after: str, attribute: str | None, says: str, line: str, tmp_path: Path
) -> None:
    """What only items show is said with the entity, the attribute and its line."""
    changed = swapped(FIXTURES, before, after)
    system = load_system("orders", written(tmp_path, changed))
    found = [each for each in content_problems(system, say=lambda _: None) if says in each.says]
    assert {(each.about, each.attribute) for each in found} == {("Entry", attribute)}
    assert found[0].place == f"{tmp_path / 'fixtures' / 'orders.py'}:{line_of(changed, line)}"


def test_what_is_drawn_while_loading_is_said(tmp_path: Path) -> None:
    """A module that draws makes other items in another process: nobody could check an answer."""
    drawn = swapped(FIXTURES, "DOCUMENT =", "import random\n\nX = str(random.random())\nDOCUMENT =")
    drawn = swapped(drawn, 'text("owner_{n:06}", n=number)', 'text("o{x}{n}", x=X, n=number)')
    system = load_system("orders", written(tmp_path, drawn))
    found = [each for each in content_problems(system, say=lambda _: None) if each.wrong]
    drawn_before = [each for each in found if "drawn while the module is loaded" in each.says]
    assert {(each.about, each.attribute) for each in drawn_before} == {("Entry", "ownerId")}


def kinds(problems: Any) -> list[tuple[str, str | None]]:
    return [(each.about, each.attribute) for each in problems]


def test_keys_of_two_entities_may_not_meet() -> None:
    """Two kinds of item in one table must not have one key."""
    table = Table("t-1", partition_key="k")
    one = Entity("One", table=table, item={"k": text("{n}", n=number)})
    two = Entity("Two", table=table, item={"k": text("{n}", n=number)})
    (found,) = key_problems(dataset_of(one, two), table)
    assert (found.about, "the key of One 0" in found.says) == ("Two", True)


def test_an_index_without_items_is_said() -> None:
    """An index whose key no item has answers nothing; a table that nothing is in stays empty."""
    table = Table("t-1", partition_key="k", indexes=(Index("i", partition_key="x"),))
    other = Table("t-2", partition_key="k")
    entity = Entity("One", table=table, item={"k": text("{n}", n=number)})
    dataset = dataset_of(entity)
    assert kinds(index_problems(dataset, table)) == [("t-1", "i")]
    for operation, wrong in (
        (GetItem(entity), False),
        (Query(table, index="i", key={"x": "y"}), True),
    ):
        pattern = Pattern("one", operation, of=entity, expects=Maybe(), source="here")
        dataset.system = replace(dataset.system, patterns={"one": pattern})
        (found,) = index_problems(dataset, table)
        assert found.wrong is wrong
    rare = Entity("One", table=table, item={**entity.item, "x": when(chance(0.002), "y")})
    assert list(index_problems(dataset_of(rare), table)) == []
    with_other = replace(dataset.system, tables=(table, other))
    dataset.system = with_other
    assert kinds(table_problems(dataset)) == [("t-2", None)]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (Decimal(1).scaleb(126), "DynamoDB has no number"),
        (Decimal("1" * 39), "it keeps 38 digits"),
        (1.5, "a fraction is a Decimal"),
        ("x" * 500_000, "DynamoDB takes 409,600"),
        ({"": 1}, "has no name"),
    ],
)
def test_what_dynamodb_would_refuse_is_said(value: Any, says: str) -> None:
    """Types, numbers, names and sizes that DynamoDB does not take, each once for an attribute."""
    entity = Entity("One", table=Table("t-1", partition_key="k"), item={"k": "a"})
    items = {0: {"k": "a", "v": value}, 1: {"k": "b", "v": value}}
    found = [each for each in item_problems(entity, items) if says in each.says]
    assert kinds(found) == [("One", "v")]


def test_an_attribute_without_a_name_is_said() -> None:
    """An item whose attribute is called nothing is one that DynamoDB refuses."""
    entity = Entity("One", table=Table("t-1", partition_key="k"), item={"k": "a", "": 1})
    (found,) = item_problems(entity, {0: {"k": "a", "": 1}})
    assert (found.about, found.attribute) == ("One", None)
    assert "has no name" in found.says


def test_an_item_that_is_too_large_is_said_at_once() -> None:
    """Of large items few are made, and where DynamoDB takes none of them nothing else is looked at:
    not the texts in them, nor the other ways to make them."""
    table = Table("t-1", partition_key="k")
    large = Entity("One", table=table, item={"k": text("{n}", n=number), "v": "x" * 500_000})
    dataset = dataset_of(large, scale=20_000)
    assert len(items_of(dataset, large)) < 200
    found = [each for each in content_problems(dataset.system, say=lambda _: None) if each.wrong]
    assert kinds(found) == [("One", "v"), ("scenarios/made.py", None)]
    assert "the item has 500,003 bytes and DynamoDB takes 409,600" in found[0].says


@pytest.mark.parametrize(
    ("ttl", "says", "wrong"),
    [
        ("expiresAt", "", False),
        ("expireAt", "is it 'expiresAt'?", True),
        ("gone", "an item gets it with epoch(…)", False),
    ],
)
def test_a_ttl_that_no_item_has_is_said(ttl: str, says: str, wrong: bool) -> None:
    """A TTL by another name than the items have expires nothing; a slip in it is wrong, and what is
    like no attribute is worth a look."""
    table = Table("t-1", partition_key="k", ttl=ttl)
    item = {"k": text("{n}", n=number), "expiresAt": epoch(as_of)}
    dataset = dataset_of(Entity("One", table=table, item=item))
    found = list(ttl_problems(dataset, table))
    assert [each.wrong for each in found] == [wrong] * bool(says)
    assert all(says in each.says and f"no item has {ttl!r}" in each.says for each in found)


def test_a_ttl_that_a_pattern_sets_is_enough() -> None:
    """What gets its TTL when an application says so has none when it is loaded."""
    table = Table("t-1", partition_key="k", ttl="gone")
    one = Entity("One", table=table, item={"k": text("{n}", n=number)})
    end = Pattern(
        "end", UpdateItem(one, set={"gone": epoch(as_of)}), of=one, expects=Written(), source="x: y"
    )
    dataset = dataset_of(one)
    assert len(list(ttl_problems(dataset, table))) == 1
    dataset.system = replace(dataset.system, patterns={"end": end})
    assert not list(ttl_problems(dataset, table))


@pytest.mark.parametrize(
    ("name", "wrong"), [("t", True), ("my table", True), ("t-1", False), ("x" * 255, False)]
)
def test_a_name_that_no_table_has_is_said(name: str, wrong: bool) -> None:
    """A name has 3 to 255 letters, whatever `check` puts before it."""
    found = list(name_problems(Table(name, partition_key="k")))
    assert [each.about for each in found] == [name] * wrong
    assert all("3 to 255 letters" in each.says for each in found)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("2027-01-01T00:00:00Z", "it is a text; see epoch(…)"),
        (1_800_000_000_000, "it looks like milliseconds; see epoch(…)"),
        (1_800_000_000, None),
        (Decimal(0), None),
    ],
)
def test_a_ttl_is_in_seconds(value: Any, says: str | None) -> None:
    """DynamoDB takes another value there without a word, and deletes nothing by it."""
    entity = Entity("One", table=Table("t-1", partition_key="k", ttl="v"), item={"k": "a"})
    found = list(item_problems(entity, {0: {"k": "a", "v": value}}))
    assert kinds(found) == ([("One", "v")] if says else [])
    assert all(says and says in each.says for each in found)


@pytest.mark.parametrize(
    ("value", "reached"),
    [
        ("mail me at a@corp.com", True),
        ("a@example.com, b@sub.example.org, c@x.test", False),
        ("+14155552671", True),
        ("+14155550123", False),
        ("93.184.216.34", True),
        ("192.0.2.7 or 10.0.0.1, version 999.1.2.3", False),
        ("AKIA" + "A" * 16, True),
        (f"{'x' * 300_000} a.b@corp.com", True),
        ("x" * 300_000, False),
    ],
)
def test_who_could_be_reached(value: str, reached: bool) -> None:
    """Addresses and numbers that are somebody's are told from those that are nobody's."""
    assert (reaches(value) is not None) is reached


def documented_dataset() -> Any:
    owner = Entity("Owner", facts={"id": text("o{n}", n=number)})
    made = moment(days=9)
    thing = Entity(
        "Thing",
        table=Table("t-1", partition_key="k"),
        parent=owner,
        per_parent=PerParent(2),
        created=made,
        item={
            "k": text("{o}-{n}", o=owner["id"], n=position),
            "owner": owner["id"],
            "stranger": text("x{n}", n=number),
            "made": iso(made),
            "after": iso(as_of),
            "n": whole(0, 3),
        },
    )
    return dataset_of(owner, thing, scale=40), thing


@pytest.mark.parametrize(
    ("says", "attribute", "words"),
    [
        (Documented(attributes={"k": str}), "owner", "not documented"),
        (Documented(attributes={"k": int}), "k", "no int"),
        (Documented(enumerations={"k": frozenset({"a"})}), "k", "it never has 'a'"),
        (Documented(formats={"k": "x+"}), "k", "is not x+"),
        (Documented(links=(("stranger", "Owner", "id"),)), "stranger", "names no Owner"),
        (Documented(in_order=(("after", "made"),)), "after", "later than made"),
        (Documented(rules={"n is 0": lambda item: item["n"] == 0}), None, "not so: n is 0"),
    ],
)
def test_what_differs_from_the_document_is_said(
    says: Documented, attribute: str | None, words: str
) -> None:
    """Attributes, enumerations, formats, links, order and rules are each held against items."""
    dataset, thing = documented_dataset()
    found = list(documented_problems(dataset, thing, says, items_of(dataset, thing)))
    assert any(each.attribute == attribute and words in each.says for each in found)
    right = Documented(links=(("owner", "Owner", "id"),), in_order=(("made", "after", "as-of"),))
    assert not list(documented_problems(dataset, thing, right, items_of(dataset, thing)))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Number {n}: could it go to the shop on Canal Wharf?", ""),
        ("Can it go to the shop?", ""),
        ("Could it go to the shop on Canal Wharf, please?", "stands twice"),
        ("Number {n}: could it go to  the shop on Canal Wharf?", "no text of people's"),
        ("Number {n}: could it go to the shop on Canal Wharf? ", "no text of people's"),
        ("Number {n}: could it go to the shop on {{branch}}, please?", "no text of people's"),
    ],
)
def test_texts_that_nobody_writes_are_said(said: str, words: str) -> None:
    """A long text that stands twice is told, and one with a slot or a blank left in it."""
    thing = Entity(
        "Thing",
        table=Table("t-1", partition_key="k"),
        item={"k": text("k{n}", n=number), "said": fill((said,), n=number)},
    )
    told = list(prose_problems(dataset_of(thing, scale=9), thing, Documented(prose=("said",))))
    assert [each.attribute for each in told] == ["said"] * bool(words)
    assert all(words in each.says for each in told)


@pytest.mark.parametrize(("most", "lost"), [(9, False), (10, True)])
def test_a_number_beyond_the_others_is_said(most: int, lost: bool) -> None:
    """`at()` with a number that no item has is said, also within a map and of what may be absent;
    what names the last one is well."""
    books = Table("books", partition_key="k")
    book = Entity("Book", table=books, item={"k": text("b{n}", n=number)})
    loans = Table("loans", partition_key="k")
    loan = Entity(
        "Loan",
        table=loans,
        item={
            "k": text("l{n}", n=number),
            "of": {"first": number, "book": when(chance(0.9), book.at(whole(most, most))["k"])},
        },
    )
    dataset = dataset_of(book, loan, scale=20)
    assert dataset.count(book) == 10
    found = list(reference_problems(dataset, loan, range(10)))
    assert [(each.about, each.attribute) for each in found] == [("Loan", "of")] * lost
    assert all("names Book 10, and at scale 20 there are 10" in each.says for each in found)


def test_what_is_made_later_than_seen_is_said() -> None:
    """An item that comes into being after as-of is said once."""
    table = Table("t-1", partition_key="k")
    late = Entity("One", table=table, created=as_of + 3_600_000, item={"k": text("{n}", n=number)})
    found = list(created_problems(dataset_of(late), late, range(20)))
    assert [each.attribute for each in found] == ["created"]
    assert "1.0 hours after" in found[0].says


def test_a_scenario_that_hangs_together() -> None:
    """The shop of the tests has what a run needs; without Touched, mixes or patterns it is said
    what is missing."""
    shop = shop_system()
    assert not [each for each in scenario_problems(shop) if each.wrong]
    assert any("Touched(" in each.says for each in scenario_problems(replace(shop, touched=None)))
    assert any("no Mix" in each.says for each in scenario_problems(replace(shop, mixes={})))
    empty = replace(shop, mixes={}, patterns={}, journeys={})
    assert [each.says[:11] for each in scenario_problems(empty) if each.wrong] == ["it declares"]


def played(system: System, target: Target) -> list[Problem]:
    return [each for each in played_problems(system, target, say=lambda _: None) if each.wrong]


def test_a_start_is_answered_rightly(tmp_path: Path, target: Target) -> None:
    """Every pattern and journey of the start is played, and every answer is right."""
    assert played(load_system("orders", written(tmp_path)), target) == []


def test_a_pattern_that_is_not_answered_rightly_is_said(tmp_path: Path, target: Target) -> None:
    """What is wrong with an answer is said with the pattern and its line."""
    lost = 'GetItem(entry, key={"ownerId": owner["ownerId"], "createdAt": "x"})'
    changed = swapped(SCENARIO, "GetItem(entry)", lost)
    changed = swapped(changed, "expects=Exactly()", "expects=Some()")
    (found,) = played(load_system("orders", written(tmp_path, scenario=changed)), target)
    assert found.about == "one-entry"
    assert "no row; has it the key that items have?" in found.says
    assert found.place.endswith(f"orders.py:{line_of(changed, 'one_entry = Pattern(')}")


def test_each_play_is_of_a_run_of_its_own() -> None:
    """What one pattern writes is no other's: each gets a player of another run."""
    runs: list[str] = []

    def made(random: Random, run: str) -> Any:
        runs.append(f"{run} {random.random()}")

    player = player_for(made)
    player()
    player()
    assert len(set(runs)) == 2
    assert len({each.split()[1] for each in runs}) == 1


def library(*, borrowed: Any) -> tuple[System, Pattern]:
    """Books and their loans, and a pattern that asks for the loans of a book."""
    index = Index("by-book", partition_key="book", sort_key="k")
    loans = Table("loans", partition_key="k", indexes=(index,))
    book = Entity(
        "Book",
        table=Table("books", partition_key="k"),
        item={"k": text("b{n}", n=number)},
    )
    known = book.at(borrowed)["k"]
    loan = Entity("Loan", table=loans, item={"k": text("l{n}", n=number), "book": known})
    asked = Pattern(
        "loans-of-a-book",
        Query(loans, index="by-book", key={"book": book["k"]}),
        of=book,
        expects=Some(),
        source="x: y",
    )
    system = system_of(book, loan)
    return replace(system, patterns={asked.id: asked}), asked


@pytest.mark.parametrize(
    ("scale", "borrowed", "share"),
    [
        (1_000, number, ""),
        (1_000, whole(7, 7), "99.8%"),
        (1_000, whole(500, 500), "all"),
        (20_000, number, ""),
        (20_000, whole(90_000, 90_000), "all"),
    ],
)
def test_what_is_not_found_among_more_items_is_said(scale: int, borrowed: Any, share: str) -> None:
    """Who asks for what no item has is told with their share: of 500 books one is borrowed, or
    none; of 10,000 a thousand are looked at."""
    system, asked = library(borrowed=borrowed)
    found = list(finding_problems(Dataset(system, scale=scale, as_of=AS_OF)))
    assert [each.about for each in found] == [asked.id] * bool(share)
    for each in found:
        assert f"at scale {scale:,} it finds nothing for {share} of the Books" in each.says
        assert "no item has book='b" in each.says


def test_what_only_others_find_is_said() -> None:
    """A filter, a range of the sort key and an item by a key are looked at as DynamoDB would."""
    things = Table("things", partition_key="k", sort_key="s")
    thing = Entity(
        "Thing", table=things, item={"k": text("t{n}", n=number), "s": number, "even": number}
    )
    of: dict[str, Any] = {"of": thing, "expects": Some(), "source": "x: y"}
    patterns = [
        Pattern("first", Query(things, key={"k": thing["k"], "s": below(10)}), **of),
        Pattern("own", Query(things, key={"k": thing["k"], "s": thing["s"]}), **of),
        Pattern("odd", Query(things, key={"k": thing["k"]}, filter={"even": -1}), **of),
        Pattern("none", GetItem(thing, key={"k": thing["k"], "s": -1}), **of),
    ]
    keyed = replace(system_of(thing), patterns={each.id: each for each in patterns})
    found = finding_problems(Dataset(keyed, scale=500, as_of=AS_OF))
    assert {each.about: each.says.split(" of ")[0].split()[-1] for each in found} == {
        "first": "98.0%",
        "odd": "all",
        "none": "all",
    }


def test_how_often_each_was_played_is_said() -> None:
    """Three hundred plays without a fault leave one in a hundred open, whoever is played least."""
    assert unseen(1) == pytest.approx(0.95)
    assert 0.009 < unseen(300) < 0.01
    shop = shop_system()
    one, other, *_ = shop.patterns
    journey, *_ = shop.journeys
    said = plays_in_words(shop, 1000, {one: 300, other: 30, journey: 100})
    assert said == (
        "played at scale 1,000: 2 patterns 30 to 300 times each, so that at most 9.5% of the plays "
        "of one can fail unseen; 1 journey 100 times, so that at most 3.0% of the plays of one can "
        "fail unseen (with 95% certainty)"
    )


class Answering:
    """A player whose answers have so many rows, and whose every so-manieth fails."""

    def __init__(self, rows: int, fails_at: int) -> None:
        self._rows, self._fails_at, self.plays = rows, fails_at, 0

    def play(self, pattern: Pattern, intended_ns: int) -> list[Call]:
        self.plays += 1
        answer = Answer("Query", (), (), b"{}", "")
        call = Call(pattern.id, 0, 1, answer, self._rows, 0)
        if self.plays == self._fails_at:
            return [call._replace(outcome="failed", problem="no row")]
        return [call]


@pytest.mark.parametrize(("rows", "plays"), [(1, 300), (100, 80), (10_000, 30)])
def test_a_pattern_is_played_until_it_can_be_trusted(rows: int, plays: int) -> None:
    """The two hundredth answer is looked at as the first is; of what reads much fewer are."""
    system, asked = library(borrowed=number)
    answering = Answering(rows, fails_at=plays)
    told: dict[str, int] = {}
    found = list(pattern_problems(system, lambda: cast(Player, answering), tell=told.__setitem__))
    assert (told, answering.plays) == ({asked.id: plays}, plays)
    assert [f"1 of {plays} answers" in each.says for each in found] == [True]


def check(folder: Path, binary: Binary, *arguments: str) -> Ran:
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    if not (programs / "dynoxide").exists():
        (programs / "dynoxide").symlink_to(binary.path)
    return loadstone("check", *arguments, cwd=folder, environ={"PATH": f"{programs}:/usr/bin:/bin"})


def test_check_says_that_nothing_is_wrong(tmp_path: Path, binary: Binary) -> None:
    """Without a name every system of the project is checked, and the exit code is 0."""
    ran = check(written(tmp_path), binary)
    assert (ran.code, ran.out) == (0, "orders: nothing is wrong\n")
    assert "playing 4 patterns and 1 journey\n" in ran.err
    assert "played at scale 1,000: 4 patterns " in ran.err


def test_check_says_what_is_wrong_and_where(tmp_path: Path, binary: Binary) -> None:
    """A mistake is a line with its file from here, and the exit code is 1; as JSON, an object."""
    folder = written(tmp_path, swapped(FIXTURES, 'owner["name"]', 'owner["nmae"]'))
    ran = check(folder, binary, "orders")
    line = line_of(FIXTURES, 'owner["name"]')
    assert ran.code == 1
    assert ran.out == (
        f"fixtures/orders.py:{line}: orders: no attribute of Owner 'nmae'; there are ownerId, name"
        "; you may mean name\norders: 1 thing is wrong\n"
    )
    found = json.loads(check(folder, binary, "orders", "--json").out)
    assert (found["system"], found["ok"], len(found["problems"])) == ("orders", False, 1)


def test_a_name_of_nothing_is_told_what_there_is(tmp_path: Path, binary: Binary) -> None:
    """A slip in a name is answered with the runs and the systems that there are."""
    ran = check(written(tmp_path), binary, "ordres")
    assert ran.code == 2
    assert "no run 'ordres'; there is none; and no system: there are" in ran.err
    assert "orders" in ran.err.partition("there are")[2]


def test_what_is_about_runs_is_refused_for_systems(tmp_path: Path, binary: Binary) -> None:
    """Objectives are a run's, and a name that is a system and a run is meant by its path."""
    folder = written(tmp_path)
    ran = check(folder, binary, "orders", "--objective", "p99 < 1ms")
    assert (ran.code, "for a run" in ran.err) == (2, True)
    (folder / ".loadstone" / "runs" / "orders").mkdir(parents=True)
    ran = check(folder, binary, "orders")
    assert (ran.code, "is a system and a run" in ran.err) == (2, True)


def test_items_are_from_all_over() -> None:
    """A sample has the first and the last item, some that follow one another, and no more than it
    should."""
    entity = Entity("One", table=Table("t-1", partition_key="k"), item={"k": text("{n}", n=number)})
    dataset = dataset_of(entity, scale=5000)
    found = items_of(dataset, entity, 200)
    assert {0, 1, 4999} <= set(found)
    assert 150 < len(found) <= 221
    assert datetime.fromtimestamp(dataset.as_of_ms / 1000, UTC).year == 2026
    assert system_of(entity).stored == (entity,)


def test_systems_that_come_with_it_are_checked_for_want_of_a_project(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder that is no project the first line says which systems are looked at, and why; in
    one that is, it says nothing of that."""
    monkeypatch.setattr("loadstone.cli.check_content._problems", lambda name, project: iter(()))
    monkeypatch.chdir(tmp_path)
    names = own_systems(None)
    assert "cmz" in names
    check_systems(names, None, as_json=False)
    first, second, *_ = capsys.readouterr().err.splitlines()
    assert first.startswith(
        f"checking {len(names)} systems that come with Loadstone, for want of a project, which "
        f"takes minutes: {', '.join(names)}; `loadstone check {names[0]}` checks one"
    )
    assert second == f"{names[0]}: system 1 of {len(names)}"
    (tmp_path / "pyproject.toml").write_text("[tool.loadstone]\n", encoding="utf-8")
    check_systems(["one", "two"], None, as_json=False)
    assert "checking 2 systems, which takes minutes: one, two" in capsys.readouterr().err
