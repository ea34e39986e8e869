"""A folder that nothing can be written to: one line, and nothing is changed."""

from __future__ import annotations

import errno
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import run

import pytest

from loadstone.aws.session import dynamodb
from loadstone.client.target import Target
from loadstone.errors import BadRecord, BadValue
from loadstone.folders import make_folder, unwritable
from loadstone.run import Ending, finish
from loadstone.run.lines import LineFile
from loadstone.run.written import Kind, NewItemsWriter, packed
from tests.commands import loadstone
from tests.listed import tables_in
from tests.synthetic import known_seconds, write

FULL_AT = 40_000
PREFIX = "unwritable-"
ADVICE = "work in a directory that can be written, or name one with --project or LOADSTONE_PROJECT"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Whoever runs the tests may write everywhere: here a file is where the folder would be."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / ".loadstone").write_text("")
    return tmp_path / "here"


@pytest.fixture(scope="module")
def held(target: Target, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder from which a table of cmz was filled."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    done = loadstone(
        *("up", "cmz", "--scale", "100", "--endpoint", target.url, "--table-prefix", PREFIX),
        cwd=elsewhere,
    )
    assert done.code == 0, done.err
    yield elsewhere
    dynamodb(target).delete_table(TableName=f"{PREFIX}cmz-conversations")


@pytest.mark.parametrize(
    "command",
    [
        ("up", "cmz", "--scale", "10"),
        ("seed", "cmz", "--scale", "10"),
        ("run", "cmz", "--duration", "1s"),
        ("verify", "cmz"),
        ("unseed", "cmz", "--yes"),
        ("tables", "create", "cmz"),
        ("demo", "cmz"),
        ("local",),
        ("check", "cmz"),
    ],
    ids=lambda command: command[0],
)
def test_a_command_says_where_it_cannot_write(folder: Path, command: tuple[str, ...]) -> None:
    """Without a folder for the engine and its records a command names it, and ends with 2."""
    done = loadstone(*command, cwd=folder)
    assert (done.code, done.err.count("Traceback")) == (2, 0)
    said = done.err.splitlines()[-1]
    assert said.startswith(f"loadstone: cannot write to {folder / '.loadstone'}")
    assert said.endswith(ADVICE)


def test_new_says_where_it_cannot_write(folder: Path) -> None:
    """No file of a new system is left where another folder of it cannot be made."""
    (folder / "scenarios").write_text("")
    done = loadstone("new", "orders", cwd=folder)
    assert (done.code, done.err) == (
        2,
        f"loadstone: cannot write to {folder / 'scenarios'} (File exists): {ADVICE}\n",
    )
    assert not [path for path in folder.rglob("*.py") if path.is_file()]


def test_doctor_says_what_cannot_be_written(folder: Path) -> None:
    """A folder without room for a `.loadstone` is what is wrong, and the line says what to do."""
    done = loadstone("doctor", cwd=folder)
    assert done.code == 1
    assert ADVICE in done.out


@pytest.mark.parametrize("command", ["up", "seed"])
def test_no_table_is_touched_for_want_of_a_ledger(
    folder: Path, target: Target, command: str
) -> None:
    """What nobody could keep account of is neither made nor marked as holding something."""
    asked = ("--scale", "10", "--endpoint", target.url, "--table-prefix", f"{command}-untouched-")
    table = f"{command}-untouched-cmz-conversations"
    if command == "seed":
        loadstone("tables", "create", "cmz", *asked[2:], cwd=folder.parent)
    client = dynamodb(target)
    try:
        done = loadstone(command, "cmz", *asked, cwd=folder)
        assert (done.code, done.err.splitlines()[-1]) == (
            2,
            f"loadstone: cannot write to {folder / '.loadstone' / 'ledgers'} (Not a directory): "
            f"{ADVICE}",
        )
        assert (table in tables_in(client)) == (command == "seed")
        if command == "seed":
            arn = client.describe_table(TableName=table)["Table"]["TableArn"]
            tags = client.list_tags_of_resource(ResourceArn=arn)["Tags"]
            assert [tag["Key"] for tag in tags if "scale" in tag["Key"]] == []
    finally:
        if table in tables_in(client):
            client.delete_table(TableName=table)


def test_plain_locust_ends_without_a_traceback(
    folder: Path, held: Path, target: Target, locustfile: Path
) -> None:
    """A test whose record cannot begin ends with its reason, though Locust has made its users."""
    done = run(
        [
            *(sys.executable, "-m", "locust", "-f", str(locustfile), "--headless"),
            *("--users", "3", "--run-time", "5m", "--host", target.url),
            *("--table-prefix", PREFIX),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"loadstone: cannot write to {folder / '.loadstone' / 'runs'}/cmz-" in done.stderr
    assert "Traceback" not in done.stderr
    assert "holds no part of a run" not in done.stderr


@pytest.fixture
def locustfile() -> Path:
    return Path(__file__).parent.parent / "locustfiles" / "cmz.py"


def _small_files() -> None:
    """What a disk that fills up is to a process: more than so much it cannot write to a file."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_AT, FULL_AT))


def test_a_run_ends_when_its_record_cannot_go_on(
    held: Path, target: Target, tmp_path: Path
) -> None:
    """A disk that fills up ends a run by that reason, and what it recorded until then is read."""
    command = ("run", "cmz", "--name", "full", "--duration", "5m", "--table-prefix", PREFIX)
    done = run(
        [sys.executable, "-m", "loadstone", *command, "--endpoint", target.url],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_small_files,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    said = next(line for line in done.stderr.splitlines() if line.startswith("loadstone: "))
    assert "(File too large): make room; what was recorded until then stays" in said
    assert "The run was not completed: " in done.stdout
    read = loadstone("report", ".loadstone/runs/full", "--format", "json", cwd=tmp_path)
    assert read.code == 0


def test_new_items_that_cannot_be_kept_are_told_of(tmp_path: Path) -> None:
    """A file that cannot even be opened is a problem to tell of, once, and no error in between."""
    taken = tmp_path / "new-0000.jsonl"
    taken.write_text("")
    writer = NewItemsWriter(tmp_path, 0)
    kind = Kind("put", "cmz-conversations", "Message", "Session", True)
    for _ in range(2):
        writer.add(kind, [packed({"id": {"S": "m-1"}}, 0, 0, 0)])
        assert writer.problem == f"cannot write to {taken} (File exists)"
    writer.close()
    assert taken.read_text() == ""


def test_a_file_that_cannot_go_on_stays_readable(tmp_path: Path) -> None:
    """A line that is cut off by a full disk is taken back, and none follows when there is room."""
    file = LineFile(tmp_path / "lines.jsonl")
    file.add({"number": 1})
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, unlimited[1]))
    try:
        file.add({"number": 2, "more": "x" * 100})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    file.add({"number": 3})
    file.close()
    assert (tmp_path / "lines.jsonl").read_text() == '{"number":1}\n'
    assert file.problem == f"cannot write to {tmp_path / 'lines.jsonl'} (File too large): make room"


def test_parts_stay_when_they_cannot_become_one_file(tmp_path: Path) -> None:
    """Where one file has no room its parts stay, no half of it does, and the message names them."""
    folder = tmp_path / "parts"
    write(folder, known_seconds())
    (part,) = folder.iterdir()
    size = part.stat().st_size
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, unlimited[1]))
    try:
        with pytest.raises(BadRecord, match=r"loadstone report .*parts` reads them"):
            finish(folder, Ending("completed"), unix_ms=0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert list(folder.iterdir()) == [part]


def test_a_full_disk_is_told_apart() -> None:
    """Where there is no room, the advice is to make some."""
    full = unwritable(Path("/here"), OSError(errno.ENOSPC, "No space left on device"))
    assert str(full) == (
        "cannot write to /here (No space left on device): make room there, or name another "
        "directory with --project or LOADSTONE_PROJECT"
    )


def test_a_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    """A folder that can be written to is there afterwards, and empty; beneath a file it is not."""
    make_folder(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(BadValue, match="cannot write to"):
        make_folder(tmp_path / "file" / "b")
