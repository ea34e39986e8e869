"""Systems: what `fixtures/NAME.py` and `scenarios/NAME.py` declare, found by their name."""

from __future__ import annotations

import ast
import hashlib
import importlib
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import TypeVar

from loadstone.content import content_root
from loadstone.documented import Documented, DocumentedPrice
from loadstone.entity import Entity
from loadstone.errors import BadContent, BadValue, LoadstoneError, UnknownName, meant
from loadstone.fields.expr import Expr
from loadstone.fields.numbers import Setting
from loadstone.mistakes import in_words, wrong_declaration
from loadstone.pattern import Journey, Mix, Objectives, Pattern, Throttle, Touched, composed
from loadstone.table import Table

T = TypeVar("T")

ROOMS = ("fixtures", "scenarios")
#: No system's name: every one, where a command takes so many.
ALL = "all"
NO_PROJECT = (
    "for your own, name the folder that holds fixtures/ with --project or LOADSTONE_PROJECT, or "
    "put a [tool.loadstone] table in its pyproject.toml"
)
STEM = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, kw_only=True)
class System:
    """Tables, what is in them, and what is asked of them."""

    id: str
    source: str  # the title of the document that it comes from
    region: str | None  # the documented one
    tables: tuple[Table, ...]
    entities: Mapping[str, Entity]
    patterns: Mapping[str, Pattern]
    journeys: Mapping[str, Journey]
    mixes: Mapping[str, Mix]
    touched: Touched | None
    settings: Mapping[str, int]  # as documented, by the environment variable that overrides each
    fingerprint: str  # of the fixtures: what the data depends on
    project: Path  # the directory that its fixtures were found in
    throttle: Throttle | None = None
    objectives: tuple[str, ...] = ()
    region_from: str | None = None  # the variable that, as documented, overrides the region
    documented: Mapping[str, Documented] = field(default_factory=dict)  # what fixtures say apart
    documented_prices: tuple[DocumentedPrice, ...] = ()

    @property
    def stored(self) -> tuple[Entity, ...]:
        """The entities that are in a table."""
        return tuple(entity for entity in self.entities.values() if entity.table)

    def entity(self, name: str) -> Entity:
        for entity in self.entities.values():
            if entity.name.lower() == name.lower():
                return entity
        raise UnknownName.among(f"entity in {self.id}", name, list(self.entities))

    def variables(
        self, names: Mapping[str, str], region: str, settings: Mapping[str, int | str]
    ) -> dict[str, str]:
        """The environment variables that its document names, for an application that is to use
        tables of these names; `settings` are those that are not as documented."""
        said = {table.name_from: names[table.name] for table in self.tables if table.name_from}
        if self.region_from:
            said[self.region_from] = region
        return said | {name: str(value) for name, value in {**self.settings, **settings}.items()}

    def mix(self, name: str) -> Mix:
        """A mix by its name, or one made of names: "balanced:9,active-sessions:1"."""
        if name in self.mixes:
            return self.mixes[name]
        try:
            return composed(name, self.mixes, {**self.patterns, **self.journeys})
        except UnknownName as error:
            asked, every = str(error.args[0]), [*self.mixes, *self.patterns, *self.journeys]
            raise UnknownName(
                f"no mix, pattern or journey in {self.id} {asked!r}; there are "
                + "; ".join(
                    f"{kind} {', '.join(names)}"
                    for kind, names in (
                        ("the mixes", self.mixes),
                        ("the patterns", self.patterns),
                        ("the journeys", self.journeys),
                    )
                    if names
                )
                + meant(asked, every)
            ) from None


def project_root(given: Path | None = None) -> Path | None:
    """The user's own project: as given, LOADSTONE_PROJECT, or the nearest parent that says so."""
    named = given or (Path(text) if (text := os.environ.get("LOADSTONE_PROJECT")) else None)
    if named is not None:
        if not named.is_dir():
            raise BadValue(f"no directory {named}: --project names the one that holds fixtures/")
        return named.resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        settings = folder / "pyproject.toml"
        if settings.is_file() and "loadstone" in _tools(settings):
            return folder
    return None


def _tools(settings: Path) -> Mapping[str, object]:
    """What a pyproject.toml has for tools."""
    try:
        tools = tomllib.loads(settings.read_text(encoding="utf-8")).get("tool", {})
    except ValueError as error:
        raise BadValue(
            f"{settings}, where the project's settings are looked for, is no TOML: {error}; put it "
            "right, or name the project with --project"
        ) from error
    return tools if isinstance(tools, Mapping) else {}


def system_names(project: Path | None = None) -> list[str]:
    """The systems that there are: the project's own and the built-in ones."""
    found = {
        path.stem
        for root in _roots(project)
        for path in (root / "fixtures").glob("*.py")
        if STEM.fullmatch(path.stem)
    }
    return sorted(found)


def load_system(name: str, project: Path | None = None) -> System:
    """The system of that name: the project's own, else the built-in one."""
    if name not in (names := system_names(project)):
        if name.lower() == ALL:
            raise UnknownName(
                f"{name}: `run` and `check` alone take all of them at once; here name one of "
                f"{', '.join(names)}"
            )
        own = project_root(project)
        where = f"yours are looked for in {own / 'fixtures'}" if own else NO_PROJECT
        raise UnknownName(f"{UnknownName.among('system', name, names)}; {where}")
    roots = _roots(project)
    home = next(root for root in roots if (root / "fixtures" / f"{name}.py").is_file())
    with _rooms(roots):
        fixtures = _loaded(f"fixtures.{name}", home)
        fingerprint = _fingerprint()
        asked = any((root / "scenarios" / f"{name}.py").is_file() for root in roots)
        scenario = _loaded(f"scenarios.{name}", home) if asked else ModuleType("scenarios")
    entities = _entities(name, _declared(fixtures, Entity))
    touched = _only(scenario, Touched)
    throttle = _only(scenario, Throttle)
    mixes = _declared(scenario, Mix)
    journeys = _distinct(_declared(scenario, Journey), *(mix.journeys for mix in mixes))
    played = [*(each.patterns for each in journeys), *(each.patterns for each in mixes)]
    patterns = _distinct(_declared(scenario, Pattern), *played)
    system = System(
        id=name,
        source=str(getattr(fixtures, "DOCUMENT", f"fixtures/{name}.py")),
        region=_region(fixtures),
        tables=tuple(_declared(fixtures, Table)),
        entities=entities,
        patterns=_by_id(name, [(each.id, each) for each in patterns]),
        journeys=_by_id(name, [(each.id, each) for each in journeys]),
        mixes=_by_id(name, [(each.name, each) for each in mixes]),
        touched=touched,
        settings=_settings(list(entities.values())),
        fingerprint=fingerprint,
        project=home,
        throttle=throttle,
        documented=dict(getattr(fixtures, "DOCUMENTED", {})),
        documented_prices=tuple(getattr(scenario, "DOCUMENTED_PRICES", ())),
        region_from=getattr(fixtures, "REGION_FROM", None),
        objectives=tuple(text for each in _declared(scenario, Objectives) for text in each.texts),
    )
    _check(system)
    return system


def _entities(system: str, declared: Sequence[Entity]) -> dict[str, Entity]:
    entities: dict[str, Entity] = {}
    for entity in declared:
        if entities.setdefault(entity.name, entity) is not entity:
            raise BadContent(f"fixtures/{system}.py has two entities called {entity.name!r}")
    return entities


def _check(system: System) -> None:
    if not system.tables:
        raise BadContent(f"fixtures/{system.id}.py declares no Table")
    names = [table.name for table in system.tables]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise BadContent(
            f"fixtures/{system.id}.py has two tables called {twice[0]!r}: give one another name"
        )
    for entity in system.entities.values():
        if entity.table and entity.table not in system.tables:
            raise BadContent(f"{entity.name}'s table is not among those of fixtures/{system.id}.py")
        if entity.parent and entity.parent.name not in system.entities:
            raise BadContent(f"{entity.name}'s parent is no entity of fixtures/{system.id}.py")
    both = set(system.patterns) & set(system.journeys)
    if both:
        raise BadContent(f"patterns and journeys share their names: {sorted(both)}")


def _roots(project: Path | None) -> list[Path]:
    own = project_root(project)
    return [*([own] if own else []), content_root()]


@contextmanager
def _rooms(roots: Sequence[Path]) -> Iterator[None]:
    """While content is loaded, `fixtures` and `scenarios` are its own folders, whatever else is
    installed under those names; afterwards they are what they were."""
    before = {name: sys.modules.pop(name) for name in list(sys.modules) if _in_rooms(name)}
    for room in ROOMS:
        package = ModuleType(room)
        package.__path__ = [str(root / room) for root in roots]
        sys.modules[room] = package
    importlib.invalidate_caches()
    try:
        yield
    finally:
        for name in [name for name in sys.modules if _in_rooms(name)]:
            del sys.modules[name]
        sys.modules.update(before)


def _in_rooms(module: str) -> bool:
    return module.partition(".")[0] in ROOMS


def _module(name: str, home: Path) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        where = home / Path(*name.split(".")).with_suffix(".py")
        if isinstance(error, LoadstoneError):
            raise BadContent(f"{_place_in(where, error)}: {error}") from error
        raise BadContent(f"{_place_in(where, error)}{in_words(error)}") from error


def _loaded(name: str, home: Path) -> ModuleType:
    """A module whose declarations are of the kinds that they should be."""
    module = _module(name, home)
    if wrong := wrong_declaration(vars(module)):
        variable, says = wrong
        raise BadContent(f"{_place_of(variable, Path(str(module.__file__)))}: {says}")
    return module


def _place_of(variable: str, module: Path) -> str:
    """The module, and the line of it that a variable is set in."""
    for node in ast.parse(module.read_bytes()).body:
        targets = node.targets if isinstance(node, ast.Assign) else ()
        if any(isinstance(each, ast.Name) and each.id == variable for each in targets):
            return f"{module}:{node.lineno}"
    return str(module)


def _place_in(module: Path, error: Exception) -> str:
    """The module, and the line of it that the error comes from."""
    if isinstance(error, SyntaxError) and error.filename == str(module):
        return f"{module}:{error.lineno}"
    lines = [
        frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == str(module)
    ]
    return f"{module}:{lines[-1]}" if lines else str(module)


def _declared(module: ModuleType, kind: type[T]) -> list[T]:
    """What a module declares of a kind, in the order it is written."""
    found = dict.fromkeys(value for value in vars(module).values() if isinstance(value, kind))
    return list(found)


def _only(module: ModuleType, kind: type[T]) -> T | None:
    """What a scenario declares once, if at all."""
    first, *others = (*_declared(module, kind), None)
    if others[:-1]:
        name = next(name for name, value in vars(module).items() if value is others[0])
        place = _place_of(name, Path(str(module.__file__)))
        raise BadContent(
            f"{place}: {name} is a second {kind.__name__}, and a scenario has one: leave one out"
        )
    return first


def _distinct(*several: Sequence[T]) -> list[T]:
    """Each once: what a journey or a mix plays is declared, wherever it is written down."""
    return list(dict.fromkeys(each for some in several for each in some))


def _by_id(system: str, named: Sequence[tuple[str, T]]) -> dict[str, T]:
    found = dict(named)
    if len(found) != len(named):
        names = [name for name, _ in named]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadContent(
            f"scenarios/{system}.py uses the name {twice!r} twice: each pattern, journey and mix "
            "has its own"
        )
    return found


def _settings(entities: Sequence[Entity]) -> dict[str, int]:
    found: dict[str, int] = {}
    seen: set[Expr] = set()

    def walk(expr: Expr) -> None:
        if expr in seen:
            return
        seen.add(expr)
        if isinstance(expr, Setting):
            found[expr.name] = expr.default
        for part in expr.inputs():
            walk(part)

    for entity in entities:
        for name in (*entity.facts, *entity.item):
            walk(entity.value(name))
    return found


def _region(fixtures: ModuleType) -> str | None:
    """The documented region, or what the documented variable says."""
    variable = getattr(fixtures, "REGION_FROM", None)
    return (os.environ.get(variable) if variable else None) or getattr(fixtures, "REGION", None)


def _fingerprint() -> str:
    """Of the fixtures that are loaded: a system's module, and what that imports beside it."""
    digest = hashlib.blake2b(digest_size=8)
    for name in sorted(sys.modules):
        path = getattr(sys.modules[name], "__file__", None)
        if name.startswith("fixtures.") and path:
            digest.update(Path(path).read_bytes())
    return digest.hexdigest()
