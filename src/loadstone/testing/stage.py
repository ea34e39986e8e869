"""The engines of one test session: each test finds an empty one, or the scene that it asks for.

A scene, a system's tables say, or a data set in them, is built once. The engine that holds it is
kept for the next test that asks: what a test has written is put right, and an engine of which that
cannot be said is wiped. Records of streams outlive their tables in it: then there is a new one.
"""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

from loadstone.embedded.binary import Binary
from loadstone.embedded.engines import find_engine
from loadstone.embedded.process import Engine
from loadstone.testing.calls import Calls
from loadstone.testing.front import HOST, Front
from loadstone.testing.scene import Scene, wipe

#: An engine takes 5 MB and what it holds; of more scenes than this the oldest is forgotten.
MOST_KEPT = 8


class Stage:
    """`cache` is where the engine's binary is kept; `folder` must be writable."""

    def __init__(self, *, cache: Path, folder: Path) -> None:
        self.front = Front()
        self._folder = folder
        self._binary: Binary = find_engine(cache)
        self._blank: Engine | None = None
        self._kept: dict[Hashable, Engine] = {}
        self._current: Engine | None = None
        self._scenes: dict[Hashable, Scene] = {}

    def enter(self) -> None:
        """A test begins, with no tables."""
        self._scenes = {}
        self._show(self._take_blank())

    def leave(self) -> None:
        """It has ended: a scene is kept as it was, all else is gone."""
        engine, self._current = self._current, None
        if engine is None or not engine.alive:
            return
        with Calls(HOST, engine.port) as calls:
            if self._restored(calls):
                self._keep(next(iter(self._scenes)), engine)
            elif self._blank is not None or self._streamed():
                engine.stop()
            else:
                if self._scenes or self.front.changed:
                    wipe(calls)
                self._blank = engine

    def build(self, key: Hashable, scene: Scene) -> None:
        """Have a scene in the test that is under way; once is enough."""
        if key in self._scenes:
            return
        first = not self._scenes and not self.front.changed
        if first and (kept := self._take_kept(key)):
            self._blank = self._current
            self._show(kept)
        else:
            with Calls(HOST, self.current.port) as calls:
                scene.build(calls)
        self._scenes[key] = scene

    def _restored(self, calls: Calls) -> bool:
        """Whether the engine holds one scene, as it was."""
        if len(self._scenes) != 1 or self.front.changed:
            return False
        (scene,) = self._scenes.values()
        return not self.front.written or scene.restore(calls, self.front.written)

    @property
    def current(self) -> Engine:
        """The engine that the test under way uses; EngineDied when it has ended."""
        assert self._current is not None, "no test is under way"
        if not self._current.alive:
            self._current.raise_if_dead()
        return self._current

    def close(self) -> None:
        self.front.close()
        engines = [self._blank, self._current, *self._kept.values()]
        for engine in filter(None, engines):
            engine.stop()

    def _streamed(self) -> bool:
        return self.front.streamed or any(scene.streamed for scene in self._scenes.values())

    def _show(self, engine: Engine) -> None:
        self._current = engine
        self.front.behind = engine.port
        self.front.forget()

    def _take_blank(self) -> Engine:
        blank, self._blank = self._blank, None
        if blank is not None and blank.alive:
            return blank
        return Engine(self._binary, folder=self._folder)

    def _take_kept(self, key: Hashable) -> Engine | None:
        kept = self._kept.pop(key, None)
        return kept if kept is not None and kept.alive else None

    def _keep(self, key: Hashable, engine: Engine) -> None:
        self._kept[key] = engine
        while len(self._kept) > MOST_KEPT:
            self._kept.pop(next(iter(self._kept))).stop()
