"""Entities: what is in the tables, one kind of item each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field

from loadstone.errors import BadContent, UnknownName
from loadstone.fanout import PerParent
from loadstone.fields.expr import Expr, Value, lift
from loadstone.fields.kin import check_kin
from loadstone.fields.links import Link, Own
from loadstone.fields.numbers import Draw
from loadstone.fields.shapes import Map, When
from loadstone.mistakes import shown
from loadstone.table import Table


@dataclass(frozen=True, eq=False)
class Entity:
    """One kind of item, and how the n-th one is made.

    `item` is what is stored, attribute by attribute, in the order of the document's data model.
    `facts` are known of it but not stored. An entity without a table is only referred to.
    `entity["name"]` is an attribute or a fact, for its children and its patterns to use.
    `created` is the instant that an item comes into being, in milliseconds.
    `share`, for an entity without a parent: how many there are beside the other roots.
    """

    name: str
    _: KW_ONLY
    table: Table | None = None
    parent: Entity | None = None
    per_parent: PerParent | None = None
    facts: Mapping[str, Value] = field(default_factory=dict)
    item: Mapping[str, Value] = field(default_factory=dict)
    created: Expr | None = None
    share: float = 1.0

    def __post_init__(self) -> None:
        self._check_kinds()
        if (self.parent is None) != (self.per_parent is None):
            given, lacks = (
                ("per_parent", "parent=…, whose they are")
                if self.parent is None
                else ("parent", "per_parent=PerParent(5), how many there are of each")
            )
            raise BadContent(f"{self.name} has a {given}, and needs {lacks}: the two go together")
        if self.share <= 0:
            raise BadContent(f"{self.name}: share is above 0, not {self.share:g}")
        if bool(self.item) != (self.table is not None):
            raise BadContent(f"{self.name}: an item needs a table, and a table an item")
        values = {name: self._lifted(name, v) for name, v in {**self.facts, **self.item}.items()}
        if len(values) != len(self.facts) + len(self.item):
            raise BadContent(f"{self.name}: a name is both a fact and an attribute")
        object.__setattr__(self, "_values", values)
        object.__setattr__(self, "_shown", Map({n: values[n] for n in self.item or self.facts}))
        for name, value in values.items():
            self._label(name, value)
        if self.created is not None:
            self._label("created", self.created)
        if self.table is not None:
            self._check_keys(self.table)

    @property
    def parent_entity(self) -> Entity:
        if self.parent is None:
            raise BadContent(f"{self.name} has no parent")
        return self.parent

    @property
    def spread(self) -> PerParent:
        if self.per_parent is None:
            raise BadContent(f"{self.name} has no parent")
        return self.per_parent

    @property
    def ancestors(self) -> Iterator[Entity]:
        """The parent, its parent, and so on."""
        entity = self.parent
        while entity is not None:
            yield entity
            entity = entity.parent

    @property
    def values(self) -> Mapping[str, Expr]:
        """All facts and attributes."""
        values: dict[str, Expr] = self._values  # type: ignore[attr-defined]
        return values

    def value(self, name: str) -> Expr:
        if name not in self.values:
            raise UnknownName.among(f"attribute of {self.name}", name, list(self.values))
        return self.values[name]

    def shown(self) -> Map:
        """What is stored of it, as a map of expressions; where nothing is, its facts."""
        shown: Map = self._shown  # type: ignore[attr-defined]
        return shown

    def __getitem__(self, name: str) -> Expr:
        """An attribute or fact; one that is there only sometimes is so for a child as well."""
        value = self.value(name)
        if isinstance(value, When):
            return When(Own(self, name, value.condition), Own(self, name, value.value))
        return Own(self, name)

    def at(self, index: Expr | int) -> Link:
        """A certain item of this entity, by its number; `any_of` is for any."""
        return Link(self, lift(index))

    def __repr__(self) -> str:
        return f"Entity({self.name!r})"

    def _label(self, path: str, value: Expr) -> None:
        """Name every draw by the attribute that it is first used for."""
        seen: set[Expr] = set()
        count = 0

        def walk(expr: Expr) -> None:
            nonlocal count
            if expr in seen:
                return
            seen.add(expr)
            if isinstance(expr, Own):
                check_kin(expr.entity, expr.name, self, f"{self.name}.{path}")
            if isinstance(expr, Draw):
                if expr.label is None:
                    expr.label = f"{self.name}.{path}.{count}"
                elif not expr.label.startswith(f"{self.name}."):
                    owner = expr.label.split(".")[0]
                    raise BadContent(
                        f"{self.name}.{path} uses a value that belongs to {owner}: "
                        f"make it a fact or attribute there, and refer to it as {owner}[name]"
                    )
                count += 1
            for part in expr.inputs():
                walk(part)

        walk(value)

    def _check_kinds(self) -> None:
        """What a slip puts in the wrong place shows here, and not where it is used."""
        if isinstance(self.parent, (tuple, list, set)):
            raise BadContent(
                f"{self.name}: an item has one parent, the one whose items are looked for together "
                'with it; of any other entity its items name one with any_of(…)["…"]'
            )
        given = (("table", self.table, Table), ("parent", self.parent, Entity))
        for name, value, kind in (*given, ("per_parent", self.per_parent, PerParent)):
            if value is not None and not isinstance(value, kind):
                held = type(value).__name__
                raise BadContent(f"{self.name}: {name} is one of kind {kind.__name__}, not {held}")

    def _lifted(self, name: str, value: Value) -> Expr:
        if not isinstance(name, str):
            raise BadContent(f"{self.name}: the name of an attribute is a text, not {shown(name)}")
        try:
            return lift(value)
        except BadContent as error:
            raise BadContent(f"{self.name}.{name}: {error}") from error

    def _check_keys(self, table: Table) -> None:
        for name in table.key:
            if name not in self.item:
                raise BadContent(f"{self.name}: no {name!r}, which is a key of {table.name}")
            if isinstance(self.item[name], When):
                raise BadContent(f"{self.name}: the key {name!r} must always be there")
