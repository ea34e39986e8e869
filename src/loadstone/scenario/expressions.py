"""The expressions of a request. Every name and every value stands behind a placeholder: names may
be reserved words or not ASCII, and engines differ in what they make of those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from loadstone.errors import BadContent
from loadstone.fields.expr import Expr, lift
from loadstone.fields.shapes import When
from loadstone.pattern import (
    Appended,
    Attribute,
    Change,
    Condition,
    Conditions,
    IfMissing,
    Increased,
    Operand,
    Path,
    UpdateItem,
    condition_of,
    names_in,
)

_FORMS = {
    "between": "{0} BETWEEN {1} AND {2}",
    "begins_with": "begins_with({0}, {1})",
    "contains": "contains({0}, {1})",
    "exists": "attribute_exists({0})",
    "missing": "attribute_not_exists({0})",
}


class Test(NamedTuple):
    """A condition, with the placeholders of what an attribute is held against."""

    path: tuple[str, ...]
    operator: str
    operands: tuple[str | Attribute, ...]

    def holds(self, item: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
        """Whether an item would pass, with the values of a request."""
        match self.operator:
            case "exists":
                return has(item, self.path)
            case "missing":
                return not has(item, self.path)
        against = [
            _stored(item, names_in(each.path)) if isinstance(each, Attribute) else values[each]
            for each in self.operands
        ]
        return _compare(self.operator, _stored(item, self.path), against)


class Edit(NamedTuple):
    """What an update makes of an attribute, with the placeholder of its value.

    `start` is that of what counts as stored where nothing is.
    """

    path: tuple[str, ...]
    how: Literal["set", "increase", "append", "set if missing", "add", "remove"]
    operand: str | Attribute = ""
    start: str | None = None

    def value(self, item: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
        """What the attribute becomes, of an item as it is stored."""
        if self.how == "remove":
            return None
        operand = self.operand
        given = at(item, names_in(operand.path)) if isinstance(operand, Attribute) else None
        given = values[operand] if isinstance(operand, str) else given
        stored = at(item, self.path)
        if stored is None and self.start is not None:
            stored = values[self.start]
        match self.how:
            case "set if missing":
                return stored if has(item, self.path) else given
            case "increase" | "append":
                if stored is None or given is None:
                    raise BadContent(f"{'.'.join(self.path)} is not there to {self.how}")
                return [*stored, *given] if self.how == "append" else stored + given
            case "add" if stored is not None and given is not None:
                return stored | given if isinstance(stored, set | frozenset) else stored + given
        return given


@dataclass(slots=True)
class Expressions:
    """What a request's expressions come to: their names, their values, what they test, and what
    they change."""

    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, Expr] = field(default_factory=dict)
    tests: list[Test] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    #: Where an attribute is there only sometimes, only those that have it are asked for.
    only: list[Expr] = field(default_factory=list)

    def all_of(self, conditions: Conditions) -> str:
        """Conditions that hold all together."""
        return " AND ".join(
            self._condition(path, condition_of(asked)) for path, asked in conditions.items()
        )

    def update(self, update: UpdateItem) -> str:
        clauses = {
            "SET": [
                f"{self.name(path)} = {self._change(path, x)}" for path, x in update.set.items()
            ],
            "ADD": [self._add(path, lift(x)) for path, x in update.add.items()],
            "REMOVE": [self._remove(path) for path in update.remove],
        }
        return " ".join(f"{verb} {', '.join(terms)}" for verb, terms in clauses.items() if terms)

    def projection(self, paths: Sequence[Path]) -> str:
        return ", ".join(map(self.name, paths))

    def name(self, path: Path) -> str:
        """The placeholders of a path."""
        return ".".join(map(self._placeholder, names_in(path)))

    def value(self, expr: Expr) -> str:
        """The placeholder of a value."""
        placeholder = f":{len(self.values)}"
        self.values[placeholder] = self.always(expr)
        return placeholder

    def always(self, expr: Expr) -> Expr:
        """The value of an attribute that is there sometimes, for those that have it."""
        if not isinstance(expr, When):
            return expr
        self.only.append(expr.condition)
        return self.always(expr.value)

    def _placeholder(self, name: str) -> str:
        for placeholder, known in self.names.items():
            if known == name:
                return placeholder
        placeholder = f"#{len(self.names)}"
        self.names[placeholder] = name
        return placeholder

    def _operand(self, operand: Operand) -> str:
        return (
            self.name(operand.path) if isinstance(operand, Attribute) else self.value(lift(operand))
        )

    def _condition(self, path: Path, condition: Condition) -> str:
        name = self.name(path)
        operands = [self._operand(each) for each in condition.operands]
        known = tuple(
            asked if isinstance(asked, Attribute) else placeholder
            for asked, placeholder in zip(condition.operands, operands, strict=True)
        )
        self.tests.append(Test(names_in(path), condition.operator, known))
        if condition.operator == "among":
            return f"{name} IN ({', '.join(operands)})"
        form = _FORMS.get(condition.operator, f"{{0}} {condition.operator} {{1}}")
        return form.format(name, *operands)

    def _add(self, path: Path, value: Expr) -> str:
        added = self.value(value)
        self.edits.append(Edit(names_in(path), "add", added))
        return f"{self.name(path)} {added}"

    def _remove(self, path: Path) -> str:
        self.edits.append(Edit(names_in(path), "remove"))
        return self.name(path)

    def _change(self, path: Path, change: Change) -> str:
        name, names = self.name(path), names_in(path)
        match change:
            case Increased(by=by, start=None):
                edit = Edit(names, "increase", self._placed(by))
                form = "{0} + {1}"
            case Increased(by=by, start=start):
                first = self.value(lift(start))
                edit = Edit(names, "increase", self._placed(by), first)
                form = f"if_not_exists({{0}}, {first}) + {{1}}"
            case Appended(values=values):
                edit, form = (
                    Edit(names, "append", self.value(lift(values))),
                    "list_append({0}, {1})",
                )
            case IfMissing(value=value):
                edit = Edit(names, "set if missing", self.value(lift(value)))
                form = "if_not_exists({0}, {1})"
            case Condition():
                raise BadContent(f"{'.'.join(names)}: a condition is no value to set")
            case _:
                edit, form = Edit(names, "set", self._placed(change)), "{1}"
        self.edits.append(edit)
        operand = edit.operand
        said = self.name(operand.path) if isinstance(operand, Attribute) else operand
        return form.format(name, said)

    def _placed(self, operand: Operand) -> str | Attribute:
        """An attribute as it is, and a value's placeholder."""
        return operand if isinstance(operand, Attribute) else self.value(lift(operand))


def edited(
    item: Mapping[str, Any], edits: Sequence[Edit], values: Mapping[str, Any]
) -> dict[str, Any]:
    """The item that an update leaves: whatever it refers to is of the item before it."""
    after = dict(item)
    for edit in edits:
        _place(after, edit.path, edit.value(item, values), remove=edit.how == "remove")
    return after


def _place(whole: dict[str, Any], path: Sequence[str], value: Any, *, remove: bool) -> None:
    """A value within maps, each of which is a copy of the stored one."""
    name, *deeper = path
    if deeper:
        whole[name] = dict(whole.get(name) or {})
        _place(whole[name], deeper, value, remove=remove)
    elif remove:
        whole.pop(name, None)
    else:
        whole[name] = value


def at(item: Mapping[str, Any], path: Sequence[str]) -> Any:
    """The attribute at a path, None where there is none."""
    value: Any = item
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def has(item: Mapping[str, Any], path: Sequence[str]) -> bool:
    """Whether there is an attribute at a path; one that holds a null is there."""
    *above, name = path
    within = at(item, above)
    return isinstance(within, Mapping) and name in within


def _stored(item: Mapping[str, Any], path: Sequence[str]) -> Any:
    """The attribute at a path; one that is not there differs from whatever it is held against."""
    return at(item, path) if has(item, path) else object()


def _compare(operator: str, found: Any, against: Sequence[Any]) -> bool:
    try:
        match operator:
            case "=":
                return bool(found == against[0])
            case "<>":
                return bool(found != against[0])
            case "among":
                return found in against
            case "contains":
                return against[0] in found
            case "begins_with":
                return bool(found.startswith(against[0]))
            case "between":
                return bool(against[0] <= found <= against[1])
            case "<":
                return bool(found < against[0])
            case "<=":
                return bool(found <= against[0])
            case ">":
                return bool(found > against[0])
            case _:
                return bool(found >= against[0])
    except (TypeError, AttributeError):  # of two types, as DynamoDB has it, neither is the larger
        return False
