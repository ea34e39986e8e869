"""The documentation: every command on a page does what the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadstone.embedded.binary import Binary
from tests.pages import ROOT, Command, File, blocks_of, run_page, steps_of, unseen

PAGE = """
Text.

```console
$ one --two \\
    --three
shown 17 times
$ two
```

<!-- needs AWS -->
```console
$ never
```

```python
# folder/file.py
x = 1
```

<!-- exit 1 -->
```console
$ first
$ fails
```
"""


def test_steps_are_commands_and_files_in_their_order() -> None:
    """Commands go on after a backslash, files are named by their first line, marked blocks are
    left out or say how they end."""
    assert list(steps_of(PAGE)) == [
        Command("one --two --three", 5, ("shown 17 times",)),
        Command("two", 8, ()),
        File("folder/file.py", "x = 1\n"),
        Command("first", 23, ()),
        Command("fails", 24, (), 1),
    ]
    assert [block.is_run for block in blocks_of(PAGE)] == [True, False, True, True]


def test_what_a_page_shows_is_held_against_what_is_printed() -> None:
    """Numbers and spaces may differ, and words may not."""
    printed = "shown 1,234 times\nother"
    assert unseen(["shown 17  times", "..."], printed) == []
    assert unseen(["shown 17 thymes"], printed) == ["shown 17 thymes"]


def test_a_page_whose_command_fails_fails(tmp_path: Path, binary: Binary) -> None:
    """A command that ends badly, and one that prints something else, are told with their line."""
    page = tmp_path / "page.md"
    page.write_text("```console\n$ false\n```\n")
    (tmp_path / "one").mkdir()
    with pytest.raises(AssertionError, match=r"page\.md:2: \$ false"):
        run_page(page, tmp_path / "one", engine=binary.path)
    page.write_text("```console\n$ echo one\ntwo\n```\n")
    (tmp_path / "two").mkdir()
    with pytest.raises(AssertionError, match="shows what is not there"):
        run_page(page, tmp_path / "two", engine=binary.path)


#: How many commands a page has at least: a page whose marks went wrong would have none.
PAGES = {
    "how-the-figures-are-made": 6,
    "many-machines": 3,
    "reading-the-report": 6,
    "running-on-aws": 6,
    "the-words-of-content": 2,
    "your-own-system": 10,
}


#: Its commands and its code are run by tests/test_testing_session.py.
ELSEWHERE = {"your-own-tests"}


def test_every_page_is_run() -> None:
    """There is no page whose commands no test executes."""
    assert {path.stem for path in (ROOT / "docs").glob("*.md")} == PAGES.keys() | ELSEWHERE


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_does_what_it_says(name: str, tmp_path: Path, binary: Binary) -> None:
    """Typed from the top in an empty folder, each command of a page ends well and prints what the
    page shows of it."""
    assert run_page(ROOT / "docs" / f"{name}.md", tmp_path, engine=binary.path) >= PAGES[name]
