"""The expressions of a request. Every name and every value stands behind a placeholder: names may
be reserved words or not ASCII, and engines differ in what they make of those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

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
        found = at(item, self.path)
        against = [
            at(item, names_in(each.path)) if isinstance(each, Attribute) else values[each]
            for each in self.operands
        ]
        match self.operator:
            case "exists":
                return found is not None
            case "missing":
                return found is None
        if found is None or any(each is None for each in against):
            return False
        return _compare(self.operator, found, against)


@dataclass(slots=True)
class Expressions:
    """What a request's expressions come to: their names, their values, and what they test."""

    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, Expr] = field(default_factory=dict)
    tests: list[Test] = field(default_factory=list)
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
            "ADD": [f"{self.name(path)} {self.value(lift(x))}" for path, x in update.add.items()],
            "REMOVE": [self.name(path) for path in update.remove],
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

    def _change(self, path: Path, change: Change) -> str:
        name = self.name(path)
        match change:
            case Increased(by=by, start=None):
                return f"{name} + {self._operand(by)}"
            case Increased(by=by, start=start):
                return f"if_not_exists({name}, {self.value(lift(start))}) + {self._operand(by)}"
            case Appended(values=values):
                return f"list_append({name}, {self.value(lift(values))})"
            case IfMissing(value=value):
                return f"if_not_exists({name}, {self.value(lift(value))})"
            case Condition():
                raise BadContent(f"{'.'.join(names_in(path))}: a condition is no value to set")
            case _:
                return self._operand(change)


def at(item: Mapping[str, Any], path: Sequence[str]) -> Any:
    """The attribute at a path, None where there is none."""
    value: Any = item
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


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
    except TypeError:  # of two types, as DynamoDB has it, neither is the larger
        return False
