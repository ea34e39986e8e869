"""What a word of content was given that it does not take, told from its annotations."""

from __future__ import annotations

import functools
import inspect
import re
import reprlib
import sys
import types
import typing
from collections.abc import Callable, Collection, Iterator, KeysView, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from numbers import Integral, Real
from typing import Any, Final, ForwardRef, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

from loadstone.errors import BadContent
from loadstone.mistakes.hints import meant_by

Word = TypeVar("Word", bound=Callable[..., Any])

_PACKAGE = __name__.partition(".")[0]
_FITS: Final = object()
#: What annotations are written with, wherever they stand.
_TYPING = {name: getattr(typing, name) for name in ("Any", "Callable", "Literal", "TypeAlias")}
_TYPING |= {"Mapping": Mapping, "Sequence": Sequence}
#: Whatever a content author may write: `lift` knows what that is, and says it.
_ANY_VALUE = re.compile(r"Value$|Expr \| str")
#: What stands for a default that is made anew, until it is made.
_UNMADE = "_HAS_DEFAULT_FACTORY_CLASS"
_WORDS: Mapping[Any, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    type(None): "None",
    None: "None",
    Any: "a value",
}


class Call(NamedTuple):
    """A word of ours, and what it was called with."""

    name: str
    hints: Mapping[str, Any]
    module: str  # whose names the hints are written in
    given: Mapping[str, Any]


def wrong_argument(error: BaseException) -> str | None:
    """`iso(instant=…) takes a value, not 5`, where content has called a word of ours so that it
    failed; None where its arguments are of the kinds that it takes."""
    called = _called(error.__traceback__)
    return next(_misfits_of(called, set()), None) if called else None


def wrong_declaration(declared: Mapping[str, Any]) -> tuple[str, str] | None:
    """The first variable that holds something of ours with a part of another kind, and what."""
    seen: set[int] = set()
    for name, value in declared.items():
        if said := next(_misfits_in(value, seen), None):
            return name, said
    return None


def check_fields(value: Any) -> None:
    """BadContent where a dataclass of ours holds something of another kind than it says."""
    if said := next(_misfits_in(value, set()), None):
        raise BadContent(said)


def checked(word: Word) -> Word:
    """The same function, which refuses what is not of the kinds that it says: a slip is told where
    it stands, and not where its consequence is met."""
    parameters = inspect.signature(word)

    @functools.wraps(word)
    def called(*args: Any, **kwargs: Any) -> Any:
        try:
            given = parameters.bind(*args, **kwargs).arguments
        except TypeError:
            return word(*args, **kwargs)  # which says it
        _check_call(word, parameters, given)
        return word(*args, **kwargs)

    return called  # type: ignore[return-value]


def _check_call(
    word: Callable[..., Any], parameters: inspect.Signature, given: Mapping[str, Any]
) -> None:
    hints: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for name, value in given.items():
        parameter = parameters.parameters[name]
        several = {name: value}
        if parameter.kind is parameter.VAR_POSITIONAL:
            several = {f"{name}[{place}]": each for place, each in enumerate(value)}
        elif parameter.kind is parameter.VAR_KEYWORD:
            several = value
        hints |= dict.fromkeys(several, parameter.annotation)
        values |= several
    call = Call(word.__name__, hints, word.__module__, values)
    if said := next(_misfits_of(call, None), None):
        raise BadContent(said)


def _called(trace: types.TracebackType | None) -> Call | None:
    """The word of ours that content called last."""
    frames = []
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    ours = [frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE for frame in frames]
    for place in reversed(range(1, len(frames))):
        if ours[place] and not ours[place - 1]:
            return _call_in(frames[place])
    return None


def _call_in(frame: types.FrameType) -> Call | None:
    code, names = frame.f_code, frame.f_globals
    given = dict(frame.f_locals)
    made = type(given["self"]) if "self" in given else None
    if made is not None and code.co_name == "__init__" and is_dataclass(made):
        return Call(made.__name__, _hints_of(made), made.__module__, given)
    owner: Any = made if made is not None else names
    function = getattr(made, code.co_name, None) if made else names.get(code.co_name)
    if code.co_name == "__init__" and made:
        name = made.__name__
    elif code.co_name.startswith("_") or owner is None:
        return None
    else:
        name = f"{made.__name__}.{code.co_name}" if made else code.co_name
    hints = getattr(function, "__annotations__", {})
    return Call(name, {n: h for n, h in hints.items() if n != "return"}, names["__name__"], given)


def _misfits_in(value: Any, seen: set[int] | None) -> Iterator[str]:
    """Of a dataclass of ours, and of those that it holds; of a plain one alone without `seen`: the
    others have been declared, and are looked at where they are."""
    kind = type(value)
    if not is_dataclass(kind) or not kind.__module__.startswith(f"{_PACKAGE}."):
        return
    if seen is None:
        if kind.__eq__ is object.__eq__:
            return
    elif id(value) in seen:
        return
    else:
        seen.add(id(value))
    hints = _hints_of(kind)
    given = {name: getattr(value, name) for name in hints}
    yield from _misfits_of(Call(kind.__name__, hints, kind.__module__, given), seen)


def _misfits_of(call: Call, seen: set[int] | None) -> Iterator[str]:
    for name, hint in call.hints.items():
        value = call.given.get(name, _FITS)
        if value is _FITS or type(value).__name__ == _UNMADE:
            continue
        wrong = _misfit(value, hint, call.module)
        if wrong is not _FITS:
            taken = _said(hint, call.module)
            meant = meant_by(call.name, wrong)
            yield f"{call.name}({name}=…) takes {taken}, not {shown(wrong)}{meant}"
        yield from _misfits_in(value, seen)
        if isinstance(value, (tuple, list)):
            for each in value:
                yield from _misfits_in(each, seen)


def _hints_of(kind: Any) -> Mapping[str, Any]:
    return {each.name: each.type for each in fields(kind) if each.init}


@cache
def _meanings(module: str) -> dict[str, Any]:
    """What annotations of a module refer to. A name that only a type checker imports there is what
    the modules that words of content come from mean by it, where they mean one thing: what else
    happens to be imported has no say."""
    return {**_agreed(), **_TYPING, **vars(sys.modules[_PACKAGE]), **vars(sys.modules[module])}


@cache
def _agreed() -> dict[str, Any]:
    package = vars(sys.modules[_PACKAGE])
    words = (package[name] for name in package["__all__"])
    homes = sorted({each.__module__ for each in words if hasattr(each, "__module__")})
    meanings: dict[str, list[Any]] = {}
    for home in homes:
        for name, value in vars(sys.modules[home]).items():
            if all(value is not each for each in meanings.setdefault(name, [])):
                meanings[name].append(value)
    return {name: means[0] for name, means in meanings.items() if len(means) == 1}


class _Names(dict[str, Any]):
    """Names in an annotation; one that stands for another annotation as what that means."""

    def __init__(self, module: str) -> None:
        super().__init__(_meanings(module))
        self._module = module

    def __getitem__(self, name: str) -> Any:
        return _meant(super().__getitem__(name), self._module)


@cache
def _evaluated(text: str, module: str) -> Any:
    try:
        return eval(text, {}, _Names(module))
    except (NameError, AttributeError, TypeError):
        return Any


def _meant(hint: Any, module: str) -> Any:
    """An annotation as Python knows it; `Any` for one that only a type checker understands."""
    while isinstance(hint, (str, ForwardRef)):
        if _is_any_value(hint):
            return Any
        hint = _evaluated(hint if isinstance(hint, str) else hint.__forward_arg__, module)
    return hint


def _misfit(value: Any, hint: Any, module: str) -> Any:
    """The value, or the part of it, that an annotation does not allow."""
    hint = _meant(hint, module)
    if hint is Any:
        return _FITS
    kind, parts = get_origin(hint), get_args(hint)
    if kind in (Union, types.UnionType):
        found = [_misfit(value, part, module) for part in parts]
        within = [wrong for wrong in found if wrong is not value]
        return _FITS if any(wrong is _FITS for wrong in found) else (*within, value)[0]
    if kind is Literal:
        return _FITS if any(value == part for part in parts) else value
    if kind is None:
        return _FITS if _is(value, hint) else value
    if not isinstance(kind, type) or kind is type or issubclass(kind, Callable):  # type: ignore[arg-type]
        return _FITS if kind is type or callable(value) else value
    if issubclass(kind, Mapping):
        if not isinstance(value, Mapping):
            return value
        pairs = [(key, parts[0]) for key in value] + [(each, parts[1]) for each in value.values()]
    else:
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Collection):
            return value
        if (
            isinstance(value, Set)
            and not isinstance(value, KeysView)
            and issubclass(kind, Sequence)
        ):
            return value  # in another order each time
        pairs = [(each, parts[0]) for each in value] if len(set(parts) - {...}) == 1 else []
    wrongs = (_misfit(each, part, module) for each, part in pairs)
    return next((wrong for wrong in wrongs if wrong is not _FITS), _FITS)


def _is(value: Any, kind: Any) -> bool:
    """Whether it is of a plain kind; a flag is no number."""
    if kind is None:
        return value is None
    if not isinstance(kind, type):
        return True  # a TypeVar, `Any`: whatever it is
    if kind is int:
        return isinstance(value, Integral) and not isinstance(value, bool)
    if kind is float:
        return isinstance(value, (Real, Decimal)) and not isinstance(value, bool)
    if getattr(kind, "_is_protocol", False):
        return all(hasattr(value, name) for name in vars(kind) if not name.startswith("_"))
    return isinstance(value, kind)


def _said(hint: Any, module: str) -> str:
    """`a text or None`, `several of an Index, as (…, …)`"""
    meant = _meant(hint, module)
    kind, parts = get_origin(meant), get_args(meant)
    if kind in (Union, types.UnionType):
        return _either([_said(part, module) for part in parts])
    if kind is Literal:
        return _either([repr(part) for part in parts])
    if kind is None:
        return _WORDS.get(meant) or _with_article(getattr(meant, "__name__", str(meant)))
    if isinstance(kind, type) and issubclass(kind, Mapping):
        return f"{{{_said(parts[0], module)}: {_said(parts[1], module)}}}"
    if isinstance(kind, type) and issubclass(kind, typing.Iterable):
        return f"several, as (…, …), each {_said(parts[0], module)}"
    return "a function" if kind is not type else "a class"


def _is_any_value(hint: Any) -> bool:
    text = getattr(hint, "__forward_arg__", hint)
    return isinstance(text, str) and bool(_ANY_VALUE.match(text))


def _either(words: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(words))
    return " or ".join(filter(None, (", ".join(distinct[:-1]), distinct[-1])))


def _with_article(name: str) -> str:
    if name == "Expr":
        return "an expression"
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"


def shown(value: Any) -> str:
    """What was given, briefly: `'word'`, `the Table 'orders'`, `a function`."""
    kind = type(value)
    if kind.__module__.partition(".")[0] == _PACKAGE:
        name = getattr(value, "name", None) or getattr(value, "id", None)
        plain = isinstance(name, str)
        return f"the {kind.__name__} {name!r}" if plain else f"{_with_article(kind.__name__)}(…)"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, date):
        return f"the {kind.__name__} {value}"
    return "a function" if callable(value) else reprlib.repr(value)
