"""What a test takes that uses the pytest plugin: `python -m benchmarks.plugin`.

A suite of its own runs in a process of its own. Of each kind of test there are many; what is shown
is the first, which makes what is needed, and the median of the others: set-up, call and tear-down
together, as pytest itself counts them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from xml.etree import ElementTree as Xml

ENGINE = Path(__file__).resolve().parent.parent / ".loadstone" / "engine"
SUITE = """
import http.client
import json

import pytest

many = pytest.mark.parametrize("turn", range(40))

def delete(dynamodb, items):
    connection = http.client.HTTPConnection(dynamodb.endpoint.removeprefix("http://"))
    key = {name: {"S": value} for name, value in items.key(0).items()}
    headers = {
        "X-Amz-Target": "DynamoDB_20120810.DeleteItem",
        "X-Amz-Date": "20260101T000000Z",
        "Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/b/dynamodb/aws4_request, "
        "SignedHeaders=host, Signature=0",
        "Content-Type": "application/x-amz-json-1.0",
    }
    body = json.dumps({"TableName": items.table, "Key": key})
    connection.request("POST", "/", body, headers)
    assert connection.getresponse().status == 200
    connection.close()

@many
def test_nothing(turn):
    pass

@many
def test_empty(dynamodb, turn):
    assert dynamodb.endpoint

@many
def test_tables_of_acs(loadstone_tables, turn):
    loadstone_tables("acs")

@many
def test_kxgen_200_read(seeded, turn):
    assert seeded("kxgen", scale=200).lead(0)

@many
def test_kxgen_200_written(seeded, dynamodb, turn):
    delete(dynamodb, seeded("kxgen", scale=200).lead)

@many
def test_kxgen_20_made_anew(seeded, _loadstone_stage, turn):
    assert seeded("kxgen", scale=20)
    _loadstone_stage.front.changed = True

@many
def test_kxgen_200_made_anew(seeded, _loadstone_stage, turn):
    assert seeded("kxgen", scale=200)
    _loadstone_stage.front.changed = True
"""


def main() -> None:
    with TemporaryDirectory() as folder:
        times = measured(Path(folder))
    print(f"{'test':24} {'first':>10} {'median of the others':>22}")
    for name, (first, *others) in times.items():
        print(f"{name:24} {first * 1e3:7.1f} ms {median(others) * 1e3:19.1f} ms")


def measured(folder: Path) -> dict[str, list[float]]:
    """Seconds of each test, by its name and in its order."""
    (folder / "test_it.py").write_text(SUITE)
    (folder / ".loadstone").mkdir()
    if ENGINE.is_dir():
        (folder / ".loadstone" / "engine").symlink_to(ENGINE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "loadstone.testing"]
    environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    report = folder / "report.xml"
    subprocess.run(
        [*command, f"--junit-xml={report}", "-o", "junit_duration_report=total"],
        cwd=folder,
        env=environ,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    times: dict[str, list[float]] = defaultdict(list)
    for case in Xml.parse(report).iter("testcase"):
        name = case.attrib["name"].partition("[")[0].removeprefix("test_")
        times[name].append(float(case.attrib["time"]))
    return times


if __name__ == "__main__":
    main()
