"""Load: Loadstone's user beside a Locust user on boto3's resource, in one run, on one server.

    python -m benchmarks.load [--tls] [--rust dynamo-benchmark]
    python -m benchmarks.load latency
    python -m benchmarks.load users

The server answers with constants, which a real engine gave before; so what is measured is the
client, in processor time of the process that makes the load, from the start of the test to its
end. Both are stock Locust with every event fired. Ours accounts for every attempt and unit,
checks each answer's checksum and rows, keeps its histograms and writes its record. The resource
decodes every answer; a user has one of its own, as boto3's resources are not to be shared among
threads, and beside it stands what one for all would do. Ours leaves rows as they are on the wire
until somebody looks at them, which a scenario does on a sample: `get`, `put` and `query` are such
answers. In `decoded` a user by hand looks at every row of every answer, and in `compared` every
row is held against the data set too.

They take turns, and beside the medians stand the least and the most of a turn: of the resource's
against its own median, of the others against the resource's of the same round. They lie far apart
where others use the machine, as processor time then has caches in it that others have emptied.

`--rust`: beside `dynamo-benchmark`, a load generator on the AWS SDK for Rust, which decodes answers
and neither checks nor accounts for them. It has no Locust around it, so our client is measured
without one too.

`latency`: what is shown for a server that takes 5 ms, after a second of warm-up, beside the
smallest loop there is (benchmarks/floor.py), which shows what the machine adds. `users`: a thousand
users over TLS, their memory and their connections.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from itertools import product
from pathlib import Path
from shutil import copytree, ignore_patterns
from statistics import median
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, NamedTuple

from benchmarks.measured import MARK
from benchmarks.server import Constant, constant_server
from loadstone.aws.target import embedded_target
from loadstone.client.client import Client
from loadstone.embedded.binary import find_binary
from loadstone.embedded.process import Engine
from loadstone.embedded.registry import STATE
from loadstone.native import INTERPRETED
from loadstone.run.figures import figures
from loadstone.run.record import Run

ROOT = Path(__file__).resolve().parent.parent
PROJECT = ROOT / "benchmarks" / "project"
REGION = "us-west-2"
#: What is measured, as a locustfile of ours and its options; of the resource, the first word.
CALLS: Mapping[str, tuple[str, ...]] = {
    "get": ("bench.py", "--mix", "get", "--sampled", "0"),
    "get, decoded": ("by_hand.py",),
    "put": ("bench.py", "--mix", "put", "--sampled", "0"),
    "query": ("bench.py", "--mix", "query", "--sampled", "0"),
    "query, decoded": ("by_hand.py",),
    "query, compared": ("bench.py", "--mix", "query", "--sampled", "1"),
}
OPERATIONS = {"get": "GetItem", "put": "PutItem", "query": "Query"}
USERS = 40
DURATION_S = 8


def recorded_answers() -> dict[str, dict[str, Any]]:
    """What the embedded engine says of a table with one note and twenty messages."""
    binary = find_binary(ROOT / STATE / "engine")
    with TemporaryDirectory() as folder, Engine(binary, folder=Path(folder)) as engine:
        where = ("--endpoint", engine.url, "--region", REGION)
        for command in (
            ("tables", "create", "bench", *where),
            ("seed", "bench", "--scale", "22", "--as-of", "2026-06-01", *where),
        ):
            done = subprocess.run(
                [sys.executable, "-m", "loadstone", *command],
                cwd=folder,
                env=environment(),
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise SystemExit(done.stderr)
        with Client(embedded_target(engine.url, environ={})) as client:

            def ask(operation: str, **body: Any) -> dict[str, Any]:
                answer = client.send(operation, json.dumps(body).encode())
                assert answer.ok, answer.message
                found: dict[str, Any] = answer.json
                return found

            table = ask("DescribeTable", TableName="bench")
            accounted = {"TableName": "bench", "ReturnConsumedCapacity": "INDEXES"}
            note = ask("GetItem", Key={"pk": {"S": "note#0"}, "sk": {"S": "NOTE"}}, **accounted)
            return {
                "ListTables": ask("ListTables"),
                "DescribeTimeToLive": ask("DescribeTimeToLive", TableName="bench"),
                "DescribeTable": table,
                "ListTagsOfResource": ask(
                    "ListTagsOfResource", ResourceArn=table["Table"]["TableArn"]
                ),
                "GetItem": note,
                "PutItem": ask("PutItem", Item=note["Item"], **accounted),
                "Query": ask(
                    "Query",
                    KeyConditionExpression="pk = :pk",
                    ExpressionAttributeValues={":pk": {"S": "owner-0"}},
                    **accounted,
                ),
            }


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}
    paths = {"PYTHONPATH": str(ROOT), "LOADSTONE_PROJECT": str(PROJECT)}
    return {**kept, **keys, **paths, "AWS_DEFAULT_REGION": REGION, **more}


class Bench(NamedTuple):
    """Where a load goes, and what its process is told."""

    server: Constant
    folder: Path
    environ: Mapping[str, str] = MappingProxyType({})

    @property
    def project(self) -> Path:
        """A copy: records of runs lie in a project's folder."""
        copy = self.folder / "project"
        if not copy.exists():
            copytree(PROJECT, copy, ignore=ignore_patterns(STATE, "__pycache__"))
        return copy

    def locust(
        self, file: str, *options: str, users: int = USERS, **environ: str
    ) -> dict[str, float]:
        """What a Locust process has used, by its own word."""
        command = [sys.executable, "-m", "locust", "-f", str(PROJECT / "locustfiles" / file)]
        command += ["--headless", "--only-summary", "-u", str(users), "-r", str(users)]
        command += ["-t", f"{DURATION_S}s", "--host", self.server.url, *options]
        return self.measured(command, **environ)

    def measured(self, command: Sequence[str], **environ: str) -> dict[str, float]:
        """What a process says of itself, none of whose requests failed."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment(**{"LOADSTONE_PROJECT": str(self.project)}, **self.environ, **environ),
            capture_output=True,
            text=True,
            check=False,
        )
        lines = [line for line in done.stderr.splitlines() if line.startswith(MARK)]
        if not lines:
            raise SystemExit(done.stderr)
        found: dict[str, float] = json.loads(lines[0].removeprefix(MARK))
        if found["failures"] or not found["requests"]:
            raise SystemExit(f"{found['failures']} of {found['requests']} failed:\n{done.stderr}")
        return found

    def ours(self, call: str) -> float:
        """Requests per second of processor time."""
        file, *options = CALLS[call]
        found = self.locust(file, *options, "--region", REGION, BENCH_CALL=_first(call))
        return found["requests"] / found["cpu_s"]

    def resource(self, call: str, *, each: bool) -> float:
        """The same, with a resource for each user or one for all."""
        resources = "each" if each else "one"
        found = self.locust("boto3_resource.py", BENCH_CALL=_first(call), BENCH_RESOURCES=resources)
        return found["requests"] / found["cpu_s"]


def _first(call: str) -> str:
    return call.partition(",")[0]


def rust(command: str, server: Constant, call: str, note: Mapping[str, Any]) -> float:
    """The same of a load generator on the AWS SDK for Rust, its start included.

    It has texts and no maps: an item that it puts has as many attributes and bytes as ours.
    """
    fields = ["pk:S:note#0", "sk:S:NOTE"]
    if call == "put":
        texts = {name: next(iter(value.values())) for name, value in note.items()}
        rest = {name: each if isinstance(each, str) else "x" * 140 for name, each in texts.items()}
        fields = ["pk:S:draft#{Key uniform 1000000000}", "sk:S:DRAFT"]
        fields += [f"{name}:S:{each}" for name, each in rest.items() if name not in ("pk", "sk")]
    asked = [command, "-e", server.url, "-ak", "AKIDEXAMPLE:not-a-secret", "-c", str(USERS)]
    asked += ["-s", str(DURATION_S), "bench", OPERATIONS[call], *fields]
    sent = server.statistics().requests.get(OPERATIONS[call], 0)
    before = os.times()
    subprocess.run(asked, env=environment(), check=True, capture_output=True)
    after = os.times()
    requests = server.statistics().requests[OPERATIONS[call]] - sent
    spent = after.children_user + after.children_system
    return requests / (spent - before.children_user - before.children_system)


def bare(bench: Bench, call: str, note: Mapping[str, Any]) -> float:
    """The same of our client by itself."""
    said: dict[str, Any] = {"TableName": "bench", "ReturnConsumedCapacity": "INDEXES"}
    said |= {"Item": note} if call == "put" else {"Key": {n: note[n] for n in ("pk", "sk")}}
    command = [sys.executable, "-m", "benchmarks.bare", bench.server.url, OPERATIONS[call]]
    command += [json.dumps(said), str(USERS), str(DURATION_S)]
    found = bench.measured(command)
    return found["requests"] / found["cpu_s"]


@contextmanager
def certificate(wanted: bool) -> Iterator[tuple[Path, Path] | None]:
    """A self-signed certificate of this machine's, and its key."""
    if not wanted:
        yield None
        return
    with TemporaryDirectory() as name:
        made, key = Path(name, "certificate.pem"), Path(name, "key.pem")
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "1"]
        command += ["-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=benchmark"]
        command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key)]
        subprocess.run([*command, "-out", str(made)], check=True, capture_output=True)
        yield made, key


def trusting(pair: tuple[Path, Path] | None) -> dict[str, str]:
    return {"AWS_CA_BUNDLE": str(pair[0])} if pair else {}


def compare(*, rounds: int, tls: bool, command: str | None) -> None:
    """Requests per second of processor time, and how many times the resource's that is."""
    titles = ["boto3 resource a user", "one for all", "loadstone"]
    titles += ["client alone", "Rust SDK"] if command else []
    print(f"{'':18}{''.join(f'{title:>28}' for title in titles)}")
    answers = recorded_answers()
    note = answers["GetItem"]["Item"]
    with (
        certificate(tls) as pair,
        constant_server(answers, tls=pair) as server,
        TemporaryDirectory() as name,
    ):
        bench = Bench(server, Path(name), trusting(pair))
        for call in CALLS:
            ways: list[Callable[[], float]] = [
                partial(bench.resource, call, each=True),
                partial(bench.resource, call, each=False),
                partial(bench.ours, call),
            ]
            if command and call in ("get", "put"):
                ways.append(partial(bare, bench, call, note))
                ways.append(partial(rust, command, server, call, note))
            found = [[way() for way in ways] for _ in range(rounds)]
            base, *_ = columns = list(zip(*found, strict=True))
            shown = "".join(compared(speeds, base) for speeds in columns)
            print(f"{call:18}{shown}", flush=True)


def compared(speeds: Sequence[float], base: Sequence[float]) -> str:
    """Medians of a speed and of how many times the base it is, and the least and the most of these
    in a round; the base itself has its median for a base."""
    beside = [median(base)] * len(base) if speeds is base else base
    times = [speed / each for speed, each in zip(speeds, beside, strict=True)]
    spread = f"{min(times):.1f}-{max(times):.1f}"
    return f"{median(speeds):>11,.0f} {median(times):5.1f}x {spread:>10}"


def latency(rates: Sequence[int], rounds: int) -> None:
    """What each shows for a server that takes 5 ms, beside the server's own clock; and for how much
    of the time the load's process was ready to run while others had the processors."""
    print(
        f"{'':18}{'asked/s':>9}{'reached/s':>11}{'shown p99':>11}{'server p99':>12}"
        f"{'own CPU':>9}{'without one':>13}"
    )
    answers = recorded_answers()
    for rate, _ in product(rates, range(rounds)):
        with constant_server(answers, delay_ms=5) as server, TemporaryDirectory() as name:
            bench = Bench(server, Path(name))
            options = ("--mix", "get", "--region", REGION, "--rate", f"{rate}ops/s")
            found = bench.locust("bench.py", *options, "--warm-up", "1", "--run-name", "latency")
            run = Run.load(bench.project / STATE / "runs" / "latency")
            p99_ms = figures(run).patterns[0].latency.p99_us / 1000
            print_latency("loadstone", f"{rate:,}", found, p99_ms, server)
        with constant_server(answers, delay_ms=5) as server, TemporaryDirectory() as name:
            floor = [sys.executable, "-m", "benchmarks.floor", server.url, str(rate)]
            found = Bench(server, Path(name)).measured([*floor, str(DURATION_S)])
            print_latency("smallest loop", f"{rate:,}", found, found["p99_ms"], server)
    for users in (4, 8, 100):
        with constant_server(answers, delay_ms=5) as server, TemporaryDirectory() as name:
            found = Bench(server, Path(name)).locust(
                "boto3_resource.py", users=users, BENCH_CALL="get", BENCH_RESOURCES="one"
            )
            print_latency(f"boto3, {users} users", "", found, found["p99_ms"], server)


def print_latency(
    who: str, asked: str, found: Mapping[str, float], p99_ms: float, server: Constant
) -> None:
    reached = found["requests"] / DURATION_S
    took_ms = server.statistics().took_ms[1]
    cpu, waited = found["cpu_s"] / found["wall_s"], found["waited_s"] / found["wall_s"]
    print(
        f"{who:18}{asked:>9}{reached:>11,.0f}{p99_ms:>8.1f} ms{took_ms:>9.1f} ms"
        f"{cpu:>9.0%}{waited:>13.0%}",
        flush=True,
    )


def crowd(users: int) -> None:
    """Many users in one process, over TLS."""
    with (
        certificate(wanted=True) as pair,
        constant_server(recorded_answers(), tls=pair) as server,
        TemporaryDirectory() as name,
    ):
        bench = Bench(server, Path(name), trusting(pair))
        found = bench.locust("bench.py", "--mix", "get", "--region", REGION, users=users)
        connections = server.statistics().connections
    print(
        f"{users:,} users over TLS: {found['memory_mb']:.0f} MB, {connections:,} connections "
        f"opened, {found['requests']:,.0f} requests in {found['wall_s']:.0f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("what", nargs="?", choices=("speed", "latency", "users"), default="speed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--rust", metavar="COMMAND", help="dynamo-benchmark, to be shown too")
    arguments = parser.parse_args()
    print(
        f"Python {platform.python_version()}, Locust {version('locust')}, boto3 "
        f"{version('boto3')}, gevent {version('gevent')}, {platform.processor()}"
    )
    print(
        "what runs for every call of ours is "
        f"{f'interpreted ({INTERPRETED})' if INTERPRETED else 'compiled'}"
    )
    match arguments.what:
        case "latency":
            latency((1_200, 5_000, 10_000), arguments.rounds)
        case "users":
            crowd(1_000)
        case _:
            print(f"requests per second of processor time, medians of {arguments.rounds} rounds")
            compare(rounds=arguments.rounds, tls=arguments.tls, command=arguments.rust)


if __name__ == "__main__":
    main()
