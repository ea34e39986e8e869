"""cfn-lint over the templates that `tables show --format cloudformation` prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from loadstone.aws.cloudformation import template
from tests.test_tables_formats import SYSTEMS, wanted_of

LIMIT_S = 240
LINT = (
    str(Path(sys.executable).with_name("cfn-lint")),
    *("--format", "json"),
    *("--regions", "us-east-1", "us-west-2"),
)


def complaints(*templates: Path) -> list[dict[str, Any]]:
    """What cfn-lint says, errors, warnings and remarks."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [*LINT, "--", *map(str, templates)],
        cwd=templates[0].parent,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.stdout.startswith("["), done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    assert bool(found) is bool(done.returncode), done.stderr
    return found


def test_templates_pass(tmp_path: Path) -> None:
    """cfn-lint finds nothing, not even a warning, in the templates of any system and of tables that
    have every setting."""
    written = []
    for name in SYSTEMS:
        written.append(tmp_path / f"{name}.json")
        made = template(wanted_of(name), description=f"The tables of {name}")
        written[-1].write_text(json.dumps(made))
    assert complaints(*written) == []


def test_what_is_wrong_is_found(tmp_path: Path) -> None:
    """An attribute that is defined and is no key is an error of cfn-lint's, with its place."""
    made = template(wanted_of("made"), description="tables")
    properties = made["Resources"]["Orders"]["Properties"]
    properties["AttributeDefinitions"].append({"AttributeName": "more", "AttributeType": "S"})
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(made))
    found = [(each["Rule"]["Id"], each["Location"]["Path"]) for each in complaints(wrong)]
    assert ("E3039", ["Resources", "Orders", "Properties"]) in found
