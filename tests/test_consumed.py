"""Units predicted for random operations, against what the embedded engine says they consumed.

The engine sizes numbers by parts; here the model reads them the same way. Where the two formulas
differ, and why the other is the default, is in loadstone.capacity.readings. Left out is what the
engine is known to count in a way of its own: a projected GetItem by what it returns, and what a
local index does not hold by the page.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from loadstone.aws.session import dynamodb
from loadstone.capacity.consumption import (
    Consumption,
    Item,
    condition_check,
    get,
    pages,
    replayed,
    search,
    total,
    write,
)
from loadstone.capacity.layout import IndexLayout, Layout
from loadstone.capacity.readings import Reading
from loadstone.capacity.units import Consistency, read_units, wire_size_bytes
from loadstone.client.target import Target

EXAMPLES, OPERATIONS = 40, 25  # 1,000 operations
READING = Reading(numbers="by-parts", respelled="same")

GLOBAL = IndexLayout(name="gsi", key=("gsiPk",), projected=frozenset({"pk", "sk", "gsiPk", "proj"}))
WHOLE = IndexLayout(name="whole", key=("gsiPk", "lsiSk"))
KEYS = IndexLayout(name="keys", key=("lsiSk",), projected=frozenset({"pk", "sk", "lsiSk"}))
LOCAL = IndexLayout(name="lsi", key=("pk", "lsiSk"), local=True)
NARROW = IndexLayout(
    name="narrow",
    key=("pk", "gsiPk"),
    projected=frozenset({"pk", "sk", "gsiPk", "proj"}),
    local=True,
)
LAYOUT = Layout(key=("pk", "sk"), indexes=(GLOBAL, WHOLE, KEYS, LOCAL, NARROW))
BY_NAME = {index.name: index for index in LAYOUT.indexes}
_numbers = itertools.count()


def text(value: str) -> dict[str, str]:
    return {"S": value}


numbers = st.one_of(
    st.integers(-(10**12), 10**12).map(str),
    st.decimals(-1000, 1000, places=3).map(lambda number: f"{number:f}"),
    st.sampled_from(["120", "0.012", "1E-100", "1.0", "1", "9" * 38]),
)
texts = st.one_of(
    st.text(max_size=20), st.integers(0, 9000).map("x".__mul__), st.sampled_from(["é", "日本"])
)
scalars = st.one_of(
    texts.map(text),
    numbers.map(lambda number: {"N": number}),
    st.booleans().map(lambda value: {"BOOL": value}),
    st.just({"NULL": True}),
)
values = st.recursive(
    scalars
    | st.sets(st.text(min_size=1, max_size=9), min_size=1, max_size=4).map(
        lambda held: {"SS": sorted(held)}
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda held: {"L": held})
        | st.dictionaries(st.text(max_size=5), inner, max_size=3).map(lambda held: {"M": held})
    ),
    max_leaves=4,
)
keys = st.tuples(st.sampled_from("ab"), st.sampled_from("123")).map(
    lambda key: {"pk": text(key[0]), "sk": text(key[1])}
)
others = st.fixed_dictionaries(
    {},
    optional={
        "gsiPk": st.sampled_from("gh").map(text),
        "lsiSk": st.sampled_from("LM").map(text),
        "proj": values,
        "other": values,
    },
)
puts = st.tuples(keys, others).map(lambda parts: {**parts[0], **parts[1]})
removals = st.sets(st.sampled_from(["gsiPk", "lsiSk", "proj", "other"]), max_size=3)
#: What happens to one item: its key, and what it is afterwards out of what it was before.
put_changes = puts.map(lambda item: ("Put", item, frozenset[str]()))
update_changes = st.tuples(keys, others, removals).map(
    lambda parts: ("Update", {**parts[0], **parts[1]}, frozenset(parts[2] - parts[1].keys()))
)
delete_changes = keys.map(lambda key: ("Delete", key, frozenset[str]()))
check_changes = keys.map(lambda key: ("ConditionCheck", key, frozenset[str]()))
Change = tuple[str, dict[str, Any], frozenset[str]]


def apart(changes: Sequence[Change]) -> list[Change]:
    """Each item once, as batches and transactions want it."""
    return list({str(key_of(change[1])): change for change in changes}.values())


operations = st.one_of(
    st.tuples(st.just("change"), st.one_of(put_changes, update_changes, delete_changes)),
    st.tuples(
        st.just("batch_write"),
        st.lists(st.one_of(put_changes, delete_changes), min_size=1, max_size=5).map(apart),
    ),
    st.tuples(
        st.just("transact_write"),
        st.lists(
            st.one_of(put_changes, update_changes, delete_changes, check_changes),
            min_size=1,
            max_size=4,
        ).map(apart),
    ),
    st.tuples(st.just("get"), st.tuples(keys, st.booleans())),
    st.tuples(
        st.just("batch_get"),
        st.tuples(st.lists(keys, min_size=1, max_size=6, unique_by=str), st.booleans()),
    ),
    st.tuples(st.just("transact_get"), st.lists(keys, min_size=1, max_size=4, unique_by=str)),
    st.tuples(
        st.just("search"),
        st.tuples(
            st.sampled_from([None, *BY_NAME]),
            st.sampled_from(["Query", "Scan"]),
            st.booleans(),
            st.none() | st.integers(1, 3),
            st.booleans(),
        ),
    ),
)


def key_of(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in LAYOUT.key}


class Mirror:
    """A table of the engine, and the items that it must hold."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.name = f"consumed-{next(_numbers)}"
        self._items: dict[tuple[str, str], Item] = {}
        self._token = itertools.count()
        client.create_table(
            TableName=self.name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"}
                for name in ("pk", "sk", "gsiPk", "lsiSk")
            ],
            KeySchema=_schema(LAYOUT.key),
            GlobalSecondaryIndexes=[_index(each) for each in LAYOUT.indexes if not each.local],
            LocalSecondaryIndexes=[_index(each) for each in LAYOUT.indexes if each.local],
        )

    def do(self, kind: str, arguments: Any) -> None:
        step: Callable[[Any], None] = getattr(self, f"_{kind}")
        step(arguments)

    def _held(self, item: Mapping[str, Any]) -> Item | None:
        return self._items.get((item["pk"]["S"], item["sk"]["S"]))

    def _apply(self, change: Change) -> tuple[Item | None, Item | None]:
        """The item before and after."""
        kind, item, removed = change
        before = self._held(item)
        after: Item | None = before
        if kind == "Put":
            after = item
        elif kind == "Update":
            kept = {name: value for name, value in (before or {}).items() if name not in removed}
            after = kept | item
        elif kind == "Delete":
            after = None
        self._items.pop((item["pk"]["S"], item["sk"]["S"]), None)
        if after is not None:
            self._items[item["pk"]["S"], item["sk"]["S"]] = after
        return before, after

    def _change(self, change: Change) -> None:
        kind = change[0]
        send = getattr(self._client, f"{kind.lower()}_item")
        answer = send(ReturnConsumedCapacity="INDEXES", **self._arguments(change))
        self._agree(
            answer["ConsumedCapacity"], write(LAYOUT, *self._apply(change), reading=READING)
        )

    def _arguments(self, change: Change) -> dict[str, Any]:
        kind, item, removed = change
        if kind == "Put":
            return {"TableName": self.name, "Item": item}
        arguments: dict[str, Any] = {"TableName": self.name, "Key": key_of(item)}
        if kind == "ConditionCheck":
            held = "attribute_exists" if self._held(item) else "attribute_not_exists"
            return arguments | {"ConditionExpression": f"{held}(pk)"}
        if kind == "Delete":
            return arguments
        names = [name for name in item if name not in LAYOUT.key]
        clauses = []
        if names:
            clauses.append("SET " + ", ".join(f"#{name} = :{name}" for name in names))
            arguments["ExpressionAttributeValues"] = {f":{name}": item[name] for name in names}
        if removed:
            clauses.append("REMOVE " + ", ".join(f"#{name}" for name in sorted(removed)))
        if clauses:
            arguments["UpdateExpression"] = " ".join(clauses)
            arguments["ExpressionAttributeNames"] = {f"#{n}": n for n in (*names, *removed)}
        return arguments

    def _batch_write(self, changes: Sequence[Change]) -> None:
        requests = [
            {f"{kind}Request": {"Item": item} if kind == "Put" else {"Key": item}}
            for kind, item, _ in changes
        ]
        answer = self._client.batch_write_item(
            RequestItems={self.name: requests}, ReturnConsumedCapacity="INDEXES"
        )
        (consumed,) = answer["ConsumedCapacity"]
        self._agree(
            consumed,
            total(write(LAYOUT, *self._apply(each), reading=READING) for each in changes),
        )

    def _transact_write(self, changes: Sequence[Change]) -> None:
        changes = [  # an update of nothing is refused in a transaction
            each
            if each[0] != "Update" or self._arguments(each).get("UpdateExpression")
            else ("Delete", key_of(each[1]), frozenset())
            for each in changes
        ]
        items = [{kind: self._arguments((kind, item, gone))} for kind, item, gone in changes]
        request: dict[str, Any] = {
            "TransactItems": items,
            "ClientRequestToken": f"{self.name}-{next(self._token)}",
            "ReturnConsumedCapacity": "INDEXES",
        }
        answer = self._client.transact_write_items(**request)
        images = [(kind, *self._apply((kind, item, gone))) for kind, item, gone in changes]
        (consumed,) = answer["ConsumedCapacity"]
        self._agree(
            consumed,
            total(
                condition_check(before, READING)
                if kind == "ConditionCheck"
                else write(LAYOUT, before, after, transactional=True, reading=READING)
                for kind, before, after in images
            ),
        )
        (again,) = self._client.transact_write_items(**request)["ConsumedCapacity"]
        expected = total(replayed(before, after, READING) for _, before, after in images)
        assert again["CapacityUnits"] == expected.total

    def _get(self, arguments: tuple[dict[str, Any], bool]) -> None:
        key, strong = arguments
        answer = self._client.get_item(
            TableName=self.name,
            Key=key,
            ConsistentRead=strong,
            ReturnConsumedCapacity="INDEXES",
        )
        consistency: Consistency = "strong" if strong else "eventual"
        self._agree(answer["ConsumedCapacity"], get(self._held(key), consistency, READING))

    def _batch_get(self, arguments: tuple[list[dict[str, Any]], bool]) -> None:
        asked, strong = arguments
        answer = self._client.batch_get_item(
            RequestItems={self.name: {"Keys": asked, "ConsistentRead": strong}},
            ReturnConsumedCapacity="INDEXES",
        )
        (consumed,) = answer["ConsumedCapacity"]
        consistency: Consistency = "strong" if strong else "eventual"
        self._agree(consumed, total(get(self._held(key), consistency, READING) for key in asked))

    def _transact_get(self, asked: list[dict[str, Any]]) -> None:
        answer = self._client.transact_get_items(
            TransactItems=[{"Get": {"TableName": self.name, "Key": key}} for key in asked],
            ReturnConsumedCapacity="INDEXES",
        )
        (consumed,) = answer["ConsumedCapacity"]
        expected = total(get(self._held(key), "transactional", READING) for key in asked)
        self._agree(consumed, expected)

    def _search(self, arguments: tuple[str | None, str, bool, int | None, bool]) -> None:
        """What is evaluated is asked of the engine, in its order, without filter or projection."""
        name, operation, strong, limit, filtered = arguments
        index = BY_NAME[name] if name else None
        partition = index.key[0] if index else "pk"
        request: dict[str, Any] = {"TableName": self.name}
        if limit:
            request["Limit"] = limit
        if name:
            request["IndexName"] = name
        if strong and (index is None or index.local):
            request["ConsistentRead"] = True
        send = self._client.scan
        if operation == "Query":
            send = self._client.query
            request["KeyConditionExpression"] = f"{partition} = :p"
            value = {"pk": "a", "gsiPk": "g", "lsiSk": "L"}[partition]
            request["ExpressionAttributeValues"] = {":p": text(value)}
        evaluated = send(**request)["Items"]
        found = [self._held(item) for item in evaluated]
        entries = [index.entry(item) if index else item for item in found]
        assert all(entries)
        if filtered:
            request["FilterExpression"] = "attribute_exists(nowhere)"
            request["ProjectionExpression"] = "sk"
        answer = send(ReturnConsumedCapacity="INDEXES", **request)
        assert not (filtered and answer["Items"])
        self._agree(
            answer["ConsumedCapacity"],
            search(
                [entry for entry in entries if entry is not None],
                index=index,
                consistency="strong" if "ConsistentRead" in request else "eventual",
                reading=READING,
            ),
            whole=operation == "Scan" and index is not None and index.local,
        )

    def _agree(
        self, consumed: Mapping[str, Any], expected: Consumption, *, whole: bool = False
    ) -> None:
        found = {
            name: units["CapacityUnits"]
            for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
            for name, units in consumed.get(kind, {}).items()
        }
        assert consumed["CapacityUnits"] == expected.total
        if whole:  # the engine books the Scan of a local index on the table
            expected = Consumption(table=expected.total)
        assert (consumed["Table"]["CapacityUnits"], found) == (expected.table, expected.indexes)

    def drop(self) -> None:
        self._client.delete_table(TableName=self.name)


@pytest.fixture(scope="module")
def client(target: Target) -> Any:
    return dynamodb(target)


@settings(
    max_examples=EXAMPLES,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking these would take minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(plan=st.lists(operations, min_size=OPERATIONS, max_size=OPERATIONS))
def test_units_are_those_of_the_engine(client: Any, plan: list[tuple[str, Any]]) -> None:
    """What is predicted for an operation, on the table and on each index, is what it consumes."""
    table = Mirror(client)
    for kind, arguments in plan:
        table.do(kind, arguments)
    table.drop()


@pytest.mark.parametrize("sizes", [[300] * 9, [400] * 3, [64] * 40, [256, 256, 256, 255, 2]])
def test_pages_are_those_of_the_engine(client: Any, sizes: list[int]) -> None:
    """A Query ends a page where it is predicted to, and each page is rounded on its own."""
    table = Mirror(client)
    items = [
        {"pk": text("a"), "sk": text(f"{number:02}"), "other": text("x" * (size * 1024 - 20))}
        for number, size in enumerate(sizes)
    ]
    for item in items:
        client.put_item(TableName=table.name, Item=item)
    expected = list(pages([wire_size_bytes(item) for item in items]))
    found: list[tuple[int, float]] = []
    request: dict[str, Any] = {
        "TableName": table.name,
        "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": {":p": text("a")},
        "ReturnConsumedCapacity": "INDEXES",
    }
    while True:
        answer = client.query(**request)
        found.append((answer["Count"], answer["ConsumedCapacity"]["CapacityUnits"]))
        if "LastEvaluatedKey" not in answer:
            break
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
    assert found == [(len(page), read_units(sum(page))) for page in expected]
    table.drop()


def _schema(key: Sequence[str]) -> list[dict[str, str]]:
    return [
        {"AttributeName": name, "KeyType": kind}
        for name, kind in zip(key, ("HASH", "RANGE"), strict=False)
    ]


def _index(index: IndexLayout) -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": "ALL"}
    if index.projected is not None:
        extra = sorted(index.projected - {*LAYOUT.key, *index.key})
        projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": extra}
        if not extra:
            projection = {"ProjectionType": "KEYS_ONLY"}
    return {
        "IndexName": index.name,
        "KeySchema": _schema(index.key),
        "Projection": projection,
    }
