"""An expression: a value that an item has, computed from the item's number and nothing else.

An expression can be evaluated in two ways that agree to the byte. `one` writes the Python source
that computes it for a single item (`scope.py`); `numbers` and `pieces` compute it for a column of
items (`frame.py`). Content never calls these: it combines expressions, and `Dataset` evaluates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from loadstone.errors import BadContent
from loadstone.fields.digits import decimals_of, digits_of
from loadstone.fields.pieces import Picked, Pieces, Words
from loadstone.mistakes import EXPRESSIONS, UNKNOWN_YET, shown

if TYPE_CHECKING:
    from loadstone.entity import Entity
    from loadstone.fields.frame import Frame
    from loadstone.fields.scope import Scope

#: whole, flag and decimal are columns of numbers (a decimal's, scaled); the others are pieces.
#: A nullable is a null or something else, and its pieces say which: {"NULL":true} or {"S":"…"}.
Kind: TypeAlias = Literal["whole", "flag", "decimal", "text", "map", "list", "null", "nullable"]
Numbers: TypeAlias = NDArray[Any]


class Expr:
    """Combine with + - * // %, comparisons, & | ~ and the functions of this package."""

    kind: Kind
    places: int = 0  # of a decimal
    chooses = False  # whether an item needs but some of its inputs

    def __init_subclass__(cls) -> None:
        EXPRESSIONS.add(cls.__name__)

    def one(self, scope: Scope) -> str:
        """Python source of the value for a single item."""
        raise NotImplementedError(type(self).__name__)

    def numbers(self, frame: Frame) -> Numbers:
        """The values of a column of whole numbers, flags or scaled decimals."""
        raise NotImplementedError(f"{type(self).__name__} has no numbers")

    def pieces(self, frame: Frame) -> Pieces:
        """The column as text: escaped for JSON where it is text, JSON where it is a map or list."""
        values = frame.numbers(self)
        match self.kind:
            case "flag":
                return [Picked(_FLAGS, values.view(np.int8))]
            case "decimal":
                return decimals_of(values, self.places)
            case _:
                return digits_of(values)

    def inputs(self) -> Sequence[Expr]:
        """The expressions that this one is made of, where they belong to the same entity."""
        return ()

    @cached_property
    def sparing(self) -> bool:
        """Whether parts of it are worked out only where they are due."""
        return self.chooses or any(part.sparing for part in self.inputs())

    def plain(self) -> bool:
        """Whether it has a value for every item, even for those that never ask for it."""
        return False

    def inherited_by(self, entity: Entity) -> bool:
        """Whether items of an entity have it of an ancestor."""
        return False

    def field(self, name: str) -> Any:
        raise BadContent(f"only a choice among records has fields; asked for {name!r}")

    def __getitem__(self, name: str) -> Any:
        """A field of the chosen record: an expression, or several texts to pick from."""
        return self.field(name)

    def __iter__(self) -> Any:
        raise BadContent("an expression cannot be looped over: it has no value before an item has")

    def __bool__(self) -> bool:
        raise BadContent("an expression is neither true nor false; use when(), either(), & and |")

    def __str__(self) -> str:
        raise BadContent(UNKNOWN_YET)

    def __format__(self, how: str) -> str:
        raise BadContent(UNKNOWN_YET)

    def __int__(self) -> int:
        raise BadContent(UNKNOWN_YET)

    def __truediv__(self, other: Expr | int) -> Expr:
        raise BadContent("'/' makes a fraction: // divides whole numbers, scaled(…) has places")

    __rtruediv__ = __truediv__

    def __add__(self, other: Expr | int) -> Expr:
        return Arithmetic("+", self, other)

    def __radd__(self, other: Expr | int) -> Expr:
        return Arithmetic("+", lift(other), self)

    def __sub__(self, other: Expr | int) -> Expr:
        return Arithmetic("-", self, other)

    def __rsub__(self, other: Expr | int) -> Expr:
        return Arithmetic("-", lift(other), self)

    def __mul__(self, other: Expr | int) -> Expr:
        return Arithmetic("*", self, other)

    def __rmul__(self, other: Expr | int) -> Expr:
        return Arithmetic("*", lift(other), self)

    def __floordiv__(self, other: Expr | int) -> Expr:
        return Arithmetic("//", self, other)

    def __rfloordiv__(self, other: Expr | int) -> Expr:
        return Arithmetic("//", lift(other), self)

    def __rmod__(self, other: Expr | int) -> Expr:
        return Arithmetic("%", lift(other), self)

    def __mod__(self, other: Expr | int) -> Expr:
        return Arithmetic("%", self, other)

    def __lt__(self, other: Expr | int) -> Expr:
        return Arithmetic("<", self, other)

    def __le__(self, other: Expr | int) -> Expr:
        return Arithmetic("<=", self, other)

    def __gt__(self, other: Expr | int) -> Expr:
        return Arithmetic(">", self, other)

    def __ge__(self, other: Expr | int) -> Expr:
        return Arithmetic(">=", self, other)

    def equals(self, other: Expr | int) -> Expr:
        return Arithmetic("==", self, other)

    def __and__(self, other: Expr) -> Expr:
        return Arithmetic("&", self, other)

    def __or__(self, other: Expr) -> Expr:
        return Arithmetic("|", self, other)

    def __invert__(self) -> Expr:
        return self.equals(0) if self.kind == "whole" else Arithmetic("^", self, Constant(True))


class Constant(Expr):
    """The same for every item."""

    def __init__(self, value: str | int | bool | None) -> None:
        self.value = value
        match value:
            case bool():
                self.kind = "flag"
            case int():
                self.kind = "whole"
            case str():
                self.kind = "text"
            case None:
                self.kind = "null"

    def one(self, scope: Scope) -> str:
        return repr(self.value)

    def numbers(self, frame: Frame) -> Numbers:
        return np.full(frame.size, self.value)

    def plain(self) -> bool:
        return True

    def number(self) -> int:
        """The value of a constant that is a number."""
        assert isinstance(self.value, int)
        return self.value

    def pieces(self, frame: Frame) -> Pieces:
        match self.value:
            case bool():
                return ["true" if self.value else "false"]
            case None:
                return ["true"]  # DynamoDB writes a null as {"NULL":true}
            case str():
                if not frame.raw:
                    return [escape(self.value)]
                # Beside letters it has to be letters too: see pieces.
                letters = self.value.isascii() and self.value.isprintable()
                return [self.value] if letters else [[self.value] * frame.size]
            case _:
                return [str(self.value)]


#: Whether source is a whole number as it is written.
is_whole = re.compile(r"-?\d+").fullmatch
_FLAGS = Words(("false", "true"), lasting=True)
_COMPARE = {"<", "<=", ">", ">=", "=="}
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "//": np.floor_divide,
    "%": np.mod,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "&": np.bitwise_and,
    "|": np.bitwise_or,
    "^": np.bitwise_xor,
    "min": np.minimum,
    "max": np.maximum,
}


class Arithmetic(Expr):
    """Two whole numbers (or two flags) and an operator."""

    def __init__(self, operator: str, left: Expr, right: Expr | int) -> None:
        self.operator, self.left, self.right = operator, left, lift(right)
        kinds = {self.left.kind, self.right.kind}
        wanted: Kind = "flag" if operator in "&|^" else "whole"
        if kinds != {wanted}:
            held = " and ".join(f"a {kind}" for kind in (self.left.kind, self.right.kind))
            raise BadContent(
                f"{operator!r} stands between two of kind {wanted}, not {held}"
                + (_meant_by_texts(operator, self.left, self.right) if "text" in kinds else "")
            )
        self.kind = "flag" if operator in _COMPARE or operator in "&|^" else "whole"
        # For numpy a constant is one number, unless both are: it has to give a column.
        self._left = self.left.number() if isinstance(self.left, Constant) else None
        self._right = self.right.number() if isinstance(self.right, Constant) else None
        if self._left is not None:
            self._right = None
        self._operate = _OPERATORS[operator]

    @property
    def negates(self) -> bool:
        """Whether it is ~ and a flag."""
        return (
            self.operator == "^" and isinstance(self.right, Constant) and self.right.value is True
        )

    def one(self, scope: Scope) -> str:
        left, right = scope.of(self.left), scope.of(self.right)
        if self.operator in ("min", "max"):
            return (
                f"({left} if {left} {'<' if self.operator == 'min' else '>'} {right} else {right})"
            )
        together = f"({left} {self.operator} {right})"
        if self.kind == "whole" and is_whole(left) and is_whole(right):
            return str(eval(together))  # the same for every item
        return together

    def numbers(self, frame: Frame) -> Numbers:
        left = frame.numbers(self.left) if self._left is None else self._left
        right = frame.numbers(self.right) if self._right is None else self._right
        result: Numbers = self._operate(left, right)
        return result

    def plain(self) -> bool:
        divides = self.operator in ("//", "%") and not (
            isinstance(self.right, Constant) and self.right.value
        )
        return not divides and self.left.plain() and self.right.plain()

    def inputs(self) -> Sequence[Expr]:
        return (self.left, self.right)


def _meant_by_texts(operator: str, *sides: Expr) -> str:
    """What is said where a text is calculated with: an instant is, before it is written."""
    if any(hasattr(side, "instant") for side in sides):
        return f"; an instant is calculated with in its brackets: iso(joined {operator} days(30))"
    if operator != "+":
        return ""
    return '; texts are put together as text("pet_{n:06}", n=number)'


Value: TypeAlias = "Expr | str | int | bool | Mapping[str, Any] | Sequence[Any] | None"


def lift(value: Value) -> Expr:
    """An expression of whatever a content author may write in its place."""
    if isinstance(value, Expr):
        return value
    if value is None or isinstance(value, (str, Integral, np.bool_)):
        return Constant(plain(value))
    from loadstone.fields.shapes import List, Map

    if isinstance(value, Mapping):
        return Map(value)
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return List(value)
    raise BadContent(f"{shown(value)} is no value that an item can hold; {_INSTEAD}")


def plain(value: Any) -> Any:
    """A text or a whole number of a class of its own, as a member of an enumeration or a number of
    numpy's is, as what it is: how that is shown is not what it holds."""
    if value is None or type(value) in (str, int, bool):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    return str.__str__(value) if isinstance(value, str) else int(value)


_INSTEAD = (
    "a fraction is decimal(…), an instant iso(moment(…)), some of a list several(…), and for bytes "
    "a text of their size stands, as token(16)"
)


def quoted(text: str) -> str:
    """The text as it stands between the quotes of a JSON string."""
    return orjson.dumps(text)[1:-1].decode()


def escape(text: str) -> str:
    """The same as pieces hold it: a character for each byte of UTF-8.

    Python joins and encodes text of one byte a character three times as fast as wider text, which
    a single emoji among a thousand items would make of all of them.
    """
    return orjson.dumps(text)[1:-1].decode("latin-1")


def unescape(piece: str) -> str:
    """The text that a piece stands for."""
    if piece.isascii() and "\\" not in piece:
        return piece
    text: str = orjson.loads(b'"%b"' % piece.encode("latin-1"))
    return text
