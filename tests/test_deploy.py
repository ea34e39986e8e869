"""Containers and manifests: nothing runs them here, but everything that they name is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
import yaml

from loadstone.cli import commands
from loadstone.client.target import Target
from loadstone.run import RUNS, Run, find_run
from tests.commands import free_port, loadstone
from tests.test_packaging import CONTENT

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
#: Kinds that are used, and their API: "Kubernetes API" of the documentation.
KINDS = {
    "ServiceAccount": "v1",
    "PersistentVolumeClaim": "v1",
    "Service": "v1",
    "Job": "batch/v1",
}
#: Fields of a pod and of a container that are used: what is spelled otherwise would be refused.
POD = {
    *("restartPolicy", "serviceAccountName", "enableServiceLinks", "securityContext"),
    *("containers", "volumes"),
}
CONTAINER = {
    *("name", "image", "command", "args", "env", "ports", "resources", "volumeMounts"),
    "securityContext",
}
JOB = {"completionMode", "completions", "parallelism", "backoffLimit", "backoffLimitPerIndex"}
VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")


class Start(NamedTuple):
    """A command line that a container starts with."""

    where: str
    words: tuple[str, ...]


def documents(path: Path) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all(path.read_text()) if each]


def compose() -> dict[str, Any]:
    """Compose's file, with the values that its variables have where nothing is set."""
    text = VARIABLE.sub(lambda found: found[2], (DEPLOY / "compose.yaml").read_text())
    assert "${" not in text
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in MANIFESTS:
        for each in documents(path):
            if each["kind"] == "Job":
                yield f"{path.name} {each['metadata']['name']}", each["spec"]["template"]


def starts() -> Iterator[Start]:
    for name, service in compose()["services"].items():
        yield Start(f"compose.yaml {name}", tuple(service["command"]))
    for where, pod in pods():
        for container in pod["spec"]["containers"]:
            yield Start(where, (*container["command"], *container["args"]))


STARTS = {each.where: each for each in starts()}


@pytest.mark.parametrize("where", sorted(STARTS))
def test_flags_are_known(where: str, tmp_path: Path) -> None:
    """Every command that a container starts with is understood, by our command line or by Locust's
    own parser with the locustfile's arguments."""
    words = STARTS[where].words
    if words[0] == "locust":
        understood_by_locust(words[1:], tmp_path)
    else:
        assert words[0] == "loadstone"
        command = commands.get_command(click.Context(commands), words[1])
        assert command is not None
        with command.make_context(words[1], list(words[2:])) as context:
            assert not context.args


def understood_by_locust(words: tuple[str, ...], folder: Path) -> None:
    """In a process of its own: Locust must be imported before everything."""
    script = (
        "import sys; from locust.argument_parser import parse_options, parse_locustfile_option; "
        "from locust.util.load_locustfile import load_locustfile; "
        "paths = parse_locustfile_option(sys.argv[1:]); "
        "files = [each.partition('=')[2] for each in sys.argv[1:] if 'locustfile=' in each]; "
        "[load_locustfile(each) for each in files]; "
        "options = parse_options(args=sys.argv[1:]); print(options.host)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "aws"


@pytest.mark.parametrize("flag", ["--no-such-flag", "--expect-wrkers=4"])
def test_a_flag_that_is_none_is_found(flag: str, tmp_path: Path) -> None:
    """The check above fails for a flag that Locust does not know."""
    with pytest.raises(AssertionError, match="unrecognized"):
        understood_by_locust((*STARTS["compose.yaml master"].words[1:], flag), tmp_path)


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_manifests_are_of_known_kinds(path: Path) -> None:
    """Each document has its kind's API, and each field of a Job and its pod is one of Kubernetes's;
    names are unique."""
    found = documents(path)
    for each in found:
        assert each["apiVersion"] == KINDS[each["kind"]]
        if each["kind"] == "Job":
            assert each["spec"].keys() <= JOB | {"template"}
            pod = each["spec"]["template"]["spec"]
            assert pod.keys() <= POD
            assert pod["restartPolicy"] in {"Never", "OnFailure"}
            assert all(container.keys() <= CONTAINER for container in pod["containers"])
    names = [(each["kind"], each["metadata"]["name"]) for each in found]
    assert len(set(names)) == len(names)


def test_manifests_refer_to_what_is_there() -> None:
    """Accounts, claims, volumes, labels and ports that a manifest names are declared in one."""
    every = [each for path in MANIFESTS for each in documents(path)]
    names: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for each in every:
        names[each["kind"]].add(each["metadata"]["name"])
    labels, ports = [], set()
    for _, pod in pods():
        spec = pod["spec"]
        labels.append(pod["metadata"]["labels"].items())
        assert spec["serviceAccountName"] in names["ServiceAccount"]
        # A service would else put variables into the environment that look like ours.
        assert spec["enableServiceLinks"] is False
        volumes = {each["name"]: each for each in spec.get("volumes", ())}
        for volume in volumes.values():
            assert volume["persistentVolumeClaim"]["claimName"] in names["PersistentVolumeClaim"]
        for container in spec["containers"]:
            assert {each["name"] for each in container.get("volumeMounts", ())} == volumes.keys()
            ports |= {each["name"] for each in container.get("ports", ())}
    for service in (each["spec"] for each in every if each["kind"] == "Service"):
        assert any(service["selector"].items() <= each for each in labels)
        assert {each["targetPort"] for each in service["ports"]} <= ports


def test_workers_meet_their_master() -> None:
    """A worker's flag names a service that leads to a master, who expects as many as there are."""
    services = {
        each["metadata"]["name"] for path in MANIFESTS for each in documents(path)
        if each["kind"] == "Service"
    }  # fmt: skip
    jobs = {
        each["metadata"]["name"]: each["spec"] for path in MANIFESTS for each in documents(path)
        if each["kind"] == "Job"
    }  # fmt: skip
    expected = {
        name: flags_of(spec)["--expect-workers"]
        for name, spec in jobs.items()
        if "--master" in flags_of(spec)
    }
    assert expected == {"loadstone-master": "4", "seed-acs": "8"}
    for master, workers in (
        ("loadstone-master", "loadstone-workers"),
        ("seed-acs", "seed-acs-workers"),
    ):
        assert int(expected[master]) == jobs[workers]["parallelism"] == jobs[workers]["completions"]
        said = flags_of(jobs[workers])
        assert (said.get("--master-host") or said["--worker"]) in services
    with_compose = compose()["services"]
    assert "--master-host=master" in with_compose["worker"]["command"]
    assert "--expect-workers=4" in with_compose["master"]["command"]
    assert with_compose["worker"]["deploy"]["replicas"] == 4


def flags_of(spec: Mapping[str, Any]) -> dict[str, str]:
    (container,) = spec["template"]["spec"]["containers"]
    split = (word.partition("=") for word in container["args"] if word.startswith("--"))
    return {name: value for name, _, value in split}


def test_records_are_shared_with_the_master() -> None:
    """Workers of a load write their parts where the master makes one record of them; a seed's
    ledgers are the master's alone."""
    state = "/srv/loadstone/.loadstone"
    for service in compose()["services"].values():
        assert service["volumes"] == [f"runs:{state}"]
    mounts = {
        where: [each["mountPath"] for each in pod["spec"]["containers"][0].get("volumeMounts", ())]
        for where, pod in pods()
    }
    assert mounts == {
        "export.yaml export-acs": [],
        "load.yaml loadstone-master": [state],
        "load.yaml loadstone-workers": [state],
        "seed.yaml seed-acs": [state],
        "seed.yaml seed-acs-workers": [],
    }


def test_compose_s_commands_load_a_table(target: Target, tmp_path: Path) -> None:
    """What compose's containers start with, started as processes on this machine against an engine,
    ends well, and the master makes one record of what its workers did."""
    there = ("--endpoint", target.url, "--table-prefix", "deployed-", "--region", target.region)
    for command in (["tables", "create", "cmz"], ["seed", "cmz", "--scale", "300"]):
        ran = loadstone(*command, *there, cwd=tmp_path)
        assert ran.code == 0, ran.err
    shutil.copytree(ROOT / "locustfiles", tmp_path / "locustfiles")
    port = str(free_port())
    own = [f"--host={target.url}", "--table-prefix=deployed-", f"--region={target.region}"]
    master = ["--expect-workers=2", "--users=4", "--run-time=3s", "--autoquit=1"]
    master += [f"--web-port={free_port()}", f"--master-bind-port={port}"]
    worker = ["--master-host=127.0.0.1", f"--master-port={port}"]
    started = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "locust",
                *STARTS[f"compose.yaml {role}"].words[1:],
                *own,
                *more,
            ],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for role, more in (("master", master), ("worker", worker), ("worker", worker))
    ]
    try:
        said = [each.communicate(timeout=120)[0] for each in started]
    finally:
        for each in started:
            each.kill()
    assert [each.returncode for each in started] == [0, 0, 0], said
    record = Run.load(find_run("last", tmp_path / RUNS))
    assert record.header.workers == 2
    assert {worker.info.number for worker in record.workers} == {0, 1}


# ---- the image

DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
INSTRUCTION = re.compile(r"^(FROM|RUN|COPY|ENV|USER|WORKDIR|CMD)\s+((?:.*\\\n)*.*)$", re.MULTILINE)


def copied_files() -> list[str]:
    """What the Dockerfile takes from the checkout."""
    return [
        word
        for name, rest in INSTRUCTION.findall(DOCKERFILE)
        if name == "COPY" and "--from" not in rest
        for word in rest.split()[:-1]
        if not word.startswith("--")
    ]


def test_the_image_is_made_of_what_is_there() -> None:
    """Every line of the Dockerfile is an instruction; what it copies from the checkout is in it, is
    not kept out, and is what a wheel is made of."""
    plain = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE)
    assert INSTRUCTION.sub("", plain).strip() == ""
    copied = copied_files()
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
    assert {*copied} == allowed
    assert all((ROOT / each).exists() for each in copied)
    assert {*CONTENT, "src"} <= set(copied)


def test_what_the_image_copies_makes_a_wheel(tmp_path: Path) -> None:
    """Of the checkout, what the Dockerfile copies is all that a wheel needs."""
    for name in {*copied_files()}:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name)
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", "made"]
    pure = {**os.environ, "LOADSTONE_PURE": "1"}
    done = subprocess.run(
        build, cwd=tmp_path, env=pure, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = (tmp_path / "made").iterdir()
    assert wheel.name.endswith("-py3-none-any.whl")


def test_the_image_trusts_no_download() -> None:
    """What the image installs from PyPI is checked by its hash, and it runs as nobody special."""
    installs = re.findall(r"pip install ([^&\n]*)", DOCKERFILE)
    assert installs
    assert all("--require-hashes" in each or "--no-deps" in each for each in installs)
    # By number: what is not root can be told without asking the image who that is.
    assert "useradd --create-home --uid 1000 loadstone" in DOCKERFILE
    assert "USER 1000:1000" in DOCKERFILE
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == [
        "python:3.13",
        "python:3.13-slim",
    ]


def test_a_shell_reads_the_steps() -> None:
    """The image's steps are shell that a shell can read."""
    shell = shutil.which("sh")
    assert shell is not None
    for name, rest in INSTRUCTION.findall(DOCKERFILE):
        if name == "RUN":
            subprocess.run([shell, "-n", "-c", rest], check=True)
