"""Drafts: what they recognize, what they never hold, and that they keep the contract."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from loadstone.contract.contract import content_problems
from loadstone.drafting.draft import DraftEntity, DraftTable
from loadstone.drafting.drafts import draft_of, name_apart
from loadstone.drafting.forms import Choice, Digits, Known, Prefixed, Prose, Time, Token, form_of
from loadstone.drafting.groups import fan_out
from loadstone.drafting.kinds import kinds_of
from loadstone.drafting.numeric import instants_of, number_of
from loadstone.drafting.vocabulary import vocabulary_of
from loadstone.drafting.words import is_common, singular
from loadstone.errors import BadValue
from loadstone.table import Index, Table
from tests.drafted import (
    customers,
    drafted,
    given,
    orders,
    shop_items,
    single,
    single_items,
    texts_of,
)

SECRETS = (
    *("zarathustra", "beelzebub", "quetzalcoatl", "secretcorp", "greg", "wuppertal", "laptop"),
    *("fraudring", "vipsonly", "51.2567", "ZX-1", "+4930"),
)


def leaves(value: Any) -> Iterator[str]:
    """Every text and number within a value."""
    if isinstance(value, dict):
        for each in value.values():
            yield from leaves(each)
    elif isinstance(value, (list, set)):
        for each in value:
            yield from leaves(each)
    else:
        yield str(value)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Any:
    people, placed = shop_items()
    return drafted(tmp_path_factory.mktemp("shop"), given(orders, placed), given(customers, people))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return drafted(tmp_path_factory.mktemp("app"), given(single, single_items()))


def test_a_draft_keeps_the_contract(shop: Any, app: Any) -> None:
    """Nothing is wrong with a draft, as it is written."""
    for system, _ in (shop, app):
        found = [each for each in content_problems(system, say=lambda _: None) if each.wrong]
        assert found == []


def test_a_draft_holds_nobodys_data(shop: Any, app: Any) -> None:
    """No name, word or number of the sample is in the files: neither the telling ones, nor any
    value of more than three characters that is not a word used everywhere."""
    items = [*shop_items()[0], *shop_items()[1], *single_items()]
    texts = "\n".join(text for _, each in (shop, app) for text in each.values())
    for secret in SECRETS:
        assert secret.lower() not in texts.lower()
    values = {leaf for item in items for leaf in leaves(item)}
    held = {value for value in values if len(value) > 3 and value in texts}
    assert {value for value in held if not is_common(value)} <= {"PROFILE"}


def test_tables_are_tied_together(shop: Any) -> None:
    """Orders belong to the customers that they name, though the tables came the other way round,
    and every setting is there."""
    system, _ = shop
    order, customer = system.entities["Order"], system.entities["Customer"]
    assert order.parent is customer
    assert set(system.entities) == {"Order", "Customer"}
    assert order.table.ttl == "expires"
    assert order.table.key_types == {"updatedAt": "N"}
    assert 2 < order.per_parent.mean < 5


def test_formats_are_recognized(shop: Any) -> None:
    """Each attribute is made by the word for its format, and what is sparse is so."""
    text = shop[1]["fixtures/draft.py"]
    for line in (
        '"customerId": uuid(),',
        '"orderId": ulid(order_created),',
        '"email": text("user{n:07}@example.com", n=number),',
        '"firstName": pick(FIRST_NAMES),',
        '"createdAt": iso(order_created),',
        '"expires": epoch(order_created + days(90)),',
        '"currency": "EUR",',
        '"vatId": when(chance(0.25), text("DE{n:09}", n=whole(0, 999999999))),',
        '"balance": decimal(',
        "+1{area}55501{n:02}",
        "https://example.com/",
    ):
        assert line in text, line


def test_what_cannot_be_told_is_a_comment(shop: Any) -> None:
    """Stand-ins, sets, bytes and maps whose keys are data are said to be so."""
    text = shop[1]["fixtures/draft.py"]
    for words in (
        "stand-ins, 1 of 3",
        "a set of texts in the table; a list has its size",
        "binary in the table, 30 to 60 bytes",
        "entries whose names look like data",
    ):
        assert words in text, words


def test_a_single_table_is_told_apart(app: Any) -> None:
    """Kinds are found by the labels of their keys, the partition's own kind is the parent, and what
    keys are made of is shared with the attributes that it is."""
    system, texts = app
    assert set(system.entities) == {"User", "Order"}
    assert system.entities["Order"].parent is system.entities["User"]
    text = texts["fixtures/draft.py"]
    assert '"SK": text("ORDER#{order_id}", order_id=order_id),' in text
    assert '"orderId": order_id,' in text
    assert '"GSI1PK": text("EMAIL#{email}", email=user_email),' in text
    scenario = texts["scenarios/draft.py"]
    assert 'key={"PK": user["PK"], "SK": begins_with("ORDER#")}' in scenario
    assert set(system.patterns) == {
        "one-user",
        "everything-of-user",
        "users-by-gsi1",
        "one-order",
        "orders-of-user",
    }


def test_a_name_is_somebody_s_where_it_looks_so(tmp_path: Path) -> None:
    """Things have names as long as theirs, and those that look like people's, or that people have,
    come from Faker."""
    people = [{"id": f"a{n}", "name": f"{'Mary' if n % 3 else 'Omar'} Jones"} for n in range(40)]
    things = [{"id": f"b{n}", "name": f"Solid Lamp of {n} Watts"} for n in range(40)]
    few = [{"id": f"c{n}", "name": ("Garden Tools", "Kitchen Knives")[n % 2]} for n in range(40)]
    sources = []
    for table, items in (("actors", people), ("products", things), ("shelves", few)):
        plain = Table(table, partition_key="id")
        _, texts = drafted(tmp_path / table, given(plain, items))
        lines = texts["fixtures/draft.py"].splitlines()
        sources.append(next(line.strip() for line in lines if '"name":' in line))
    assert sources[0] == '"name": pick(NAMES),'
    assert "pick(TEXTS_" in sources[1]
    assert 'choose("name-1", "name-2"' in sources[2]


def test_an_attribute_may_say_what_an_item_is() -> None:
    """`entityType` tells kinds apart where keys have no labels; a status never does."""
    items = [
        {"PK": f"{n:04}", "SK": f"{n % 3}", "entityType": kind, "status": "open", kind: 1}
        for n in range(40)
        for kind in ("invoice", "payment")
    ]
    vocabulary = vocabulary_of([], published=False)
    kinds = kinds_of(given(single, items), vocabulary)
    assert {kind.name for kind in kinds} == {"Invoice", "Payment"}
    alike = [{"PK": f"{n:04}", "SK": "x", "type": ("a", "b")[n % 2]} for n in range(40)]
    assert len(kinds_of(given(single, alike), vocabulary)) == 1


def test_a_state_in_a_key_is_no_kind() -> None:
    """STATE#DATE begins with what the item says of its state: that tells no kinds apart."""
    items = [
        {"PK": f"D{n:03}", "SK": f"{state}#{n:04}", "state": state}
        for n in range(20)
        for state in ("NORMAL", "WARNING", "FAILED")
    ]
    kinds = kinds_of(given(single, items), vocabulary_of(["state"], published=True))
    assert [kind.labels[1] for kind in kinds] == [""]


def test_a_partition_is_called_what_its_key_is() -> None:
    """d#123 under DeviceID is a device."""
    table = Table("log", partition_key="DeviceID", sort_key="at")
    items = [{"DeviceID": f"d#{n % 9:03}", "at": f"{n:04}"} for n in range(40)]
    draft = draft_of("draft", [given(table, items)], document="a draft")
    assert [each.name for each in draft.entities] == ["Device", "Log"]


def test_names_before_a_delimiter_are_no_labels() -> None:
    """alice# and bob# are people, not kinds: their words are not taken."""
    items = [
        {"PK": f"{name}#{n}", "SK": "1"} for name in ("alice", "robert", "carol") for n in range(20)
    ]
    draft = draft_of("draft", [given(single, items)], document="a draft")
    for name in ("alice", "robert", "carol"):
        assert name not in "".join(texts_of(draft).values()).lower()


def test_a_label_on_no_list_has_a_stand_in() -> None:
    """Kinds are told apart by words that are on no list of ours, and called otherwise: who asked
    for the draft is told the words, and the files have them when it is said that they name no
    one."""
    items = [{"PK": f"ZEBRA#{n}", "SK": f"TAIL#{n}"} for n in range(20)]
    draft = draft_of("draft", [given(single, items)], document="a draft")
    assert draft.stand_ins == {"ZEBRA": "KINDA", "TAIL": "KINB"}
    text = "".join(texts_of(draft).values())
    assert "somebody's data: KINDA, KINB." in text
    assert '"PK": text("KINDA#' in text
    assert not {"zebra", "tail"} & set(text.lower().split("#"))
    draft = draft_of("draft", [given(single, items)], document="a draft", words=["ZEBRA", "tail"])
    assert draft.stand_ins == {}
    assert '"PK": text("ZEBRA#' in "".join(texts_of(draft).values())


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["3f2504e0-4f89-41d3-9a0c-0305e82c3301"] * 3, Known("uuid")),
        (["01ARZ3NDEKTSV4RRFFQ69G5FAV", "01BX5ZZKBKACTAV9WEVGEMMVRZ"], Known("ulid")),
        (["a@b.com", "c.d@e.org"], Known("e-mail")),
        (["+49 30 123456", "+1 (555) 010-0000"], Known("phone")),
        (["192.168.1.20", "10.0.0.1"], Known("ip")),
        (["https://a.b/c", "s3://bucket/key"], Known("url")),
        (["0012", "0431", "9000"], Digits(10, 9000, 4)),
        (["cust_0012", "cust_0431", "cust_9000"], Prefixed("cust_", Digits(10, 9000, 4))),
        (["d41d8cd98f00b204e9800998ecf8427e", "900150983cd24fb0d6963f7d28e17f72"] * 2, Prose),
        (["d41d8cd98f00b204e9800998ecf8427" + each for each in "012"], Token(32, "hex")),
        (["one word", "another text"], Prose),
    ],
)
def test_a_format_is_what_all_have(texts: list[str], form: Any) -> None:
    """A format is recognized when every text has it, and only then."""
    found = form_of(texts, vocabulary_of([], published=False))
    assert found == form if not isinstance(form, type) else isinstance(found, form)
    assert form_of([*texts, "and one that differs", "x"]) != form


@pytest.mark.parametrize(
    ("text", "precision", "plain"),
    [
        ("2026-05-01T10:00:00Z", "seconds", True),
        ("2026-05-01T10:00:00.123Z", "milliseconds", True),
        ("2026-05-01T10:00:00+02:00", "seconds", False),
        ("2026-05-01 10:00:00", "seconds", False),
        ("2026-05-01", "date", True),
        ("2026-02-31", "date", True),
    ],
)
def test_instants_are_read_as_they_are_written(text: str, precision: str, plain: bool) -> None:
    """Dates and times in the forms of ISO 8601, and whether they are written as ours are."""
    found = form_of([text])
    assert isinstance(found, Time)
    assert (found.precision, found.plain) == (precision, plain)


def test_an_enumeration_is_what_few_words_are_often() -> None:
    """Words that are used everywhere are kept with their weights; others are not."""
    found = form_of(["active"] * 30 + ["greg"] * 10, vocabulary_of([], published=False))
    assert found == Choice(("active", None), (75, 25), ("active", "greg"))
    assert isinstance(form_of([f"word {n}" for n in range(40)]), Prose)


@for_all(st.lists(st.integers(-(10**12), 10**12), min_size=1))
def test_figures_are_round_and_hold_the_values(numbers: list[int]) -> None:
    """The range that a draft gives has every number of the sample in it, in round figures."""
    made = number_of([str(number) for number in numbers]).source
    if made.startswith("whole(") and "*" not in made:
        low, high = map(int, made.removeprefix("whole(").removesuffix(")").split(", "))
        assert low <= min(numbers) <= max(numbers) <= high
        assert all(len(str(abs(each)).rstrip("0")) <= 1 for each in (low, high))


def test_numbers_that_are_instants() -> None:
    """Seconds and milliseconds are told by their size; counts are no instants."""
    assert instants_of("createdAt", ["1767225600"]) == (1767225600.0,)
    assert instants_of("x", ["1767225600000", "1767225601000"]) == (1767225600.0, 1767225601.0)
    assert instants_of("count", ["12", "1767225600"]) is None


@pytest.mark.parametrize(
    ("numbers", "source"),
    [
        ([1, 1, 1] * 5, "PerParent(1)"),
        ([0, 1, 0, 1] * 5, "PerParent(0.5, least=0, most=1)"),
        ([4] * 20, "PerParent(4)"),
        ([1, 1, 2, 9] * 5, "PerParent(3.2, spread=4.5)"),
    ],
)
def test_how_many_each_has(numbers: list[int], source: str) -> None:
    """Means, spreads and what not every partition has, from how many there are in each."""
    assert fan_out(numbers) == (source, [])


def test_a_draft_is_formatted(shop: Any, app: Any) -> None:
    """Drafts read as the checkout's own files do: ruff leaves them as they are."""
    for _, texts in (shop, app):
        for name, text in texts.items():
            command = [sys.executable, "-m", "ruff", "format", "--line-length", "100", "-"]
            done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
            assert done.stdout == text, name


def test_a_key_of_bytes_leaves_the_rest(tmp_path: Path) -> None:
    """A table whose key is binary is left out by name, as is an index; the others are drafted."""
    binary = Table("blobs", partition_key="k", key_types={"k": "B"})
    partly = Table(
        "files",
        partition_key="name",
        indexes=(Index("ByHash", partition_key="digest"), Index("ByDay", partition_key="day")),
        key_types={"digest": "B", "day": "N"},
    )
    system, texts = drafted(tmp_path, given(binary, []), given(partly, []))
    (table,) = system.tables
    assert [index.name for index in table.indexes] == ["ByDay"]
    assert table.key_types == {"day": "N"}
    text = texts["fixtures/draft.py"]
    assert "Left out: blobs: its key 'k' is binary." in text
    assert "# Its index ByHash is left out: the key 'digest' is binary." in text
    assert [each for each in content_problems(system, say=lambda _: None) if each.wrong] == []
    with pytest.raises(BadValue, match="blobs: its key 'k' is binary, and content has no word"):
        draft_of("draft", [given(binary, [])], document="a draft")


def test_an_empty_table_has_its_keys(tmp_path: Path) -> None:
    """Of a table without items the keys are drafted, and comments say that the rest is unknown."""
    table = Table(
        "logs",
        partition_key="device",
        sort_key="at",
        key_types={"at": "N"},
        indexes=(Index("ByLevel", partition_key="level"),),
    )
    system, texts = drafted(tmp_path, given(table, []))
    assert "only the keys are known" in texts["fixtures/draft.py"]
    found = [each for each in content_problems(system, say=lambda _: None) if each.wrong]
    assert found == []


@pytest.mark.parametrize(
    ("plural", "one"), [("orders", "order"), ("categories", "category"), ("status", "status")]
)
def test_one_of_many(plural: str, one: str) -> None:
    """Entities are named after one of what the table holds."""
    assert singular(plural) == one


def test_entities_of_several_tables_have_names_of_their_own() -> None:
    """What two tables call the same gets a number; the stored one keeps its name."""
    table = DraftTable(Table("orders", partition_key="id"), "orders", [])
    unstored, stored = DraftEntity("Order", ""), DraftEntity("Order", "order", table=table)
    name_apart([unstored, stored])
    assert (unstored.name, stored.name) == ("Order2", "Order")


def test_an_index_that_nothing_is_in_is_told(tmp_path: Path) -> None:
    """That no item has what an index goes by is a comment at the table; `check` finds nothing wrong
    with the draft, as nothing asks the index."""
    index = Index("byReturn", partition_key="returnedTo")
    table = Table("parcels", partition_key="id", indexes=(index,))
    items = [{"id": f"parcel-{number}", "weight": number % 9} for number in range(40)]
    system, texts = drafted(tmp_path, given(table, items))
    said = "# Nothing that was looked at is in byReturn: no item has returnedTo."
    assert said in texts["fixtures/draft.py"]
    found = content_problems(system, say=lambda _: None)
    assert not [each for each in found if each.wrong]
