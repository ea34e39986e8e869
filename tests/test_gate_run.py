"""Loads, seeds and reports behind the gate: real processes, whose throttles are known."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from loadstone.aws.session import dynamodb
from loadstone.aws.target import embedded_target
from loadstone.embedded.binary import Binary
from loadstone.embedded.process import Engine
from loadstone.embedded.registry import STATE
from loadstone.run import Run
from tests.commands import Ran, loadstone

ROOT = Path(__file__).resolve().parent.parent
TABLE = "cmz-gated"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[Path]:
    """A folder whose tables are seeded with 2,000 items, on the tests' engine."""
    folder = tmp_path_factory.mktemp("gated")
    for arguments in (["tables", "create", "cmz"], ["seed", "cmz", "--scale", "2000"]):
        ran = command(folder, engine.url, *arguments)
        assert ran.code == 0, ran.err
    yield folder
    assert command(folder, engine.url, "tables", "drop", "cmz", "--yes").code == 0


def command(folder: Path, url: str, *arguments: str) -> Ran:
    return loadstone(*arguments, cwd=folder, environ=at(url))


def at(url: str) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL_DYNAMODB": url, "CONVERSATION_TABLE_NAME": TABLE}


def record(folder: Path, name: str) -> Run:
    return Run.load(folder / STATE / "runs" / name)


def throttles(run: Run) -> Counter[str]:
    """Throttles by reason, of the whole run."""
    found: Counter[str] = Counter()
    for tally in (*run.measured.values(), *run.warm_up.values()):
        for (reason, _), count in tally.counts.throttles.items():
            found[reason] += count
    return found


def consumed(run: Run, index: str | None) -> tuple[float, float]:
    """Read and write units of an arm, of the whole run."""
    read = write = 0.0
    for tally in (*run.measured.values(), *run.warm_up.values()):
        units = tally.counts.units.get((TABLE, index), (0.0, 0.0))
        read, write = read + units[0], write + units[1]
    return read, write


def test_a_run_is_throttled_for_its_reasons(place: Path, engine: Engine) -> None:
    """`loadstone run --throttle` shows the reasons and resources of its throttles in the record and
    in every report, and calls them simulated."""
    limits = "provisioned:20rcu,8wcu,burst=0s"
    ran = command(
        *(place, engine.url, "run", "cmz", "--users", "30", "--duration", "4s"),
        *("--name", "throttled", "--retries", "0", "--throttle", limits),
    )
    assert ran.code in {0, 1}, ran.err
    assert f"Throttling was simulated, by {limits}." in ran.out
    assert "throttled (simulated)" in ran.err
    run = record(place, "throttled")
    assert run.header.simulated == (f"throttling: {limits}",)
    assert run.header.configuration["throttle"] == [limits]
    by_reason = throttles(run)
    assert by_reason["TableWriteProvisionedThroughputExceeded"] > 0
    assert set(by_reason) <= {
        f"{kind}{direction}ProvisionedThroughputExceeded"
        for kind in ("Table", "Index")
        for direction in ("Read", "Write")
    }
    for form in ("html", "md", "json"):
        shown = command(place, engine.url, "report", "throttled", "--format", form)
        assert shown.code == 0, shown.err
        text = shown.out if form != "html" else (place / shown.out.strip()).read_text()
        assert f"Simulated, not measured: throttling: {limits}" in text
        assert "TableWriteProvisionedThroughputExceeded" in text
    _, written = consumed(run, None)
    assert 0 < written <= 8 * (run.lasted_s + 2)


#: Users of the second worker do nothing; each worker says which share it had at the end.
UNEVEN = f"""
import sys
import threading
import gevent
from locust import events, runners
from locust.runners import WorkerRunner
from loadstone.capacity.admission import Resource
from loadstone.locust import ScenarioUser

# A worker that takes its time to begin is not to be counted as lost on a busy machine.
runners.HEARTBEAT_INTERVAL = 10
arms = []

class UnevenUser(ScenarioUser):
    system = "cmz"

    def on_start(self):
        super().on_start()
        gate = self.environment.loadstone.loads["cmz"].gate
        arms.append(gate.admission.arm(Resource("{TABLE}"), "write", 0))
        if self.environment.runner.worker_index == 1:
            gevent.sleep(3600)

@events.test_stop.add_listener
def said(environment, **_):
    if isinstance(environment.runner, WorkerRunner):
        worker = environment.runner.worker_index
        print(f"worker {{worker}} had {{arms[0].share:.3f}}", file=sys.stderr, flush=True)
"""


def test_workers_share_one_limit(place: Path, engine: Engine) -> None:
    """Two workers behind one limit write together no more than capacity * T and a second's worth;
    where one of them does nothing, the other is leased nearly all of it and uses it."""
    locustfile = place / "uneven.py"
    locustfile.write_text(UNEVEN)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    done = subprocess.run(
        [
            *(sys.executable, "-m", "locust", "-f", str(locustfile)),
            *("--headless", "-u", "40", "-r", "40", "-t", "20s", "--host", engine.url),
            *("--processes", "2", "--run-name", "shared", "--mix", "write-heavy"),
            *("--master-bind-port", port, "--master-port", port),
            *("--retries", "0", "--throttle", f"{TABLE}=provisioned:9999rcu,60wcu,burst=0s"),
        ],
        cwd=place,
        env={**os.environ, **at(engine.url)},
        capture_output=True,
        check=False,
    )
    said = done.stderr.decode()
    assert "Traceback" not in said, said
    assert "ProvisionedThroughputExceededException (simulated)" in said
    run = record(place, "shared")
    assert run.header.workers == 2
    assert [worker.info.number for worker in run.workers] == [0, 1]
    _, written = consumed(run, None)
    assert 60 * 0.7 * run.lasted_s <= written <= 60 * (run.lasted_s + 2)
    shares = {int(n): float(share) for n, share in re.findall(r"worker (\d) had ([\d.]+)", said)}
    assert shares[0] > 0.8
    assert sum(shares.values()) <= 1.001
    assert throttles(run)


ORDERS = """
from loadstone import Entity, Index, PerParent, Table, choose, iso, moment, number, text

DOCUMENT = "Orders"
orders = Table(
    "orders",
    partition_key="customerId",
    sort_key="placedAt",
    indexes=(Index("StatusIndex", partition_key="status", sort_key="placedAt"),),
)
customer = Entity("Customer", facts={"customerId": text("customer_{n:06}", n=number)})
order = Entity(
    "Order",
    table=orders,
    parent=customer,
    per_parent=PerParent(8, spread=2.5),
    item={
        "customerId": customer["customerId"],
        "placedAt": iso(moment(days=365), "milliseconds"),
        "status": choose("open", "shipped", "returned"),
    },
)
"""
SCENARIO = """
from fixtures.orders import DOCUMENT, customer, order, orders
from loadstone import Every, Mix, Pattern, Query, Some, Think, Throttle

orders_of_a_customer = Pattern(
    "orders-of-a-customer",
    Query(orders, key={"customerId": customer["customerId"]}),
    of=customer,
    expects=Every(order),
    source=DOCUMENT,
)
open_orders = Pattern(
    "open-orders",
    Query(orders, index="StatusIndex", key={"status": order["status"]}, limit=20),
    of=order,
    expects=Some(),
    source=DOCUMENT,
)
balanced = Mix("balanced", {orders_of_a_customer: 1, open_orders: 1}, think=Think(0.01, 0.02))
throttle = Throttle(
    ["provisioned:9999rcu,9999wcu", "orders/StatusIndex=provisioned:2rcu,1wcu,burst=0s"]
)
"""
DECLARED = "provisioned:9999rcu,9999wcu; orders/StatusIndex=provisioned:2rcu,1wcu,burst=0s"


def test_a_scenario_declares_limits(tmp_path: Path, engine: Engine) -> None:
    """What a scenario says of its tables and indexes throttles a run that says nothing else, and is
    named in its record; --throttle goes before it, and a gate at the target does too."""
    for room, text in (("fixtures", ORDERS), ("scenarios", SCENARIO)):
        (tmp_path / room).mkdir()
        (tmp_path / room / "orders.py").write_text(text)
    (tmp_path / "pyproject.toml").write_text("[tool.loadstone]\n")

    def run(name: str, *more: str, url: str = engine.url) -> tuple[Ran, Run]:
        ran = command(
            *(tmp_path, url, "run", "orders", "--users", "10", "--duration", "3s"),
            *("--name", name, "--retries", "0", *more),
        )
        assert ran.code in {0, 1}, ran.err
        return ran, record(tmp_path, name)

    for arguments in (["tables", "create", "orders"], ["seed", "orders", "--scale", "500"]):
        ran = command(tmp_path, engine.url, *arguments)
        assert ran.code == 0, ran.err
    ran, declared = run("declared")
    assert declared.header.simulated == (
        f"throttling: {DECLARED}, as scenarios/orders.py declares",
    )
    assert "as scenarios/orders.py declares" in ran.out
    assert set(throttles(declared)) == {"IndexReadProvisionedThroughputExceeded"}
    _, unthrottled = run("unthrottled", "--throttle", "none")
    assert unthrottled.header.simulated == ()
    assert not throttles(unthrottled)
    with proxy(engine, "on-demand") as url:
        ran, through = run("elsewhere", url=url)
    assert through.header.simulated == (f"throttling: on-demand, by the gate at {url}",)
    assert f"scenarios/orders.py, Throttle: {DECLARED} is passed over" in ran.err
    assert command(tmp_path, engine.url, "tables", "drop", "orders", "--yes").code == 0


def test_names_that_are_not_there_are_refused(place: Path, engine: Engine) -> None:
    """A limit for a table that the system has not is exit 2, and so is one on AWS."""
    ran = command(place, engine.url, "run", "cmz", "--throttle", "mesages=on-demand")
    assert ran.code == 2
    assert "no table 'mesages'; there are cmz-gated" in ran.err
    ran = command(place, engine.url, "run", "cmz", "--throttle", "on-demandd")
    assert ran.code == 2
    assert "messages=provisioned:100rcu,50wcu" in ran.err


def test_aws_is_never_throttled_by_us(tmp_path: Path) -> None:
    """--throttle against DynamoDB itself is refused before anything is sent."""
    ran = loadstone(
        *("run", "cmz", "--endpoint", "https://dynamodb.eu-west-1.amazonaws.com"),
        *("--throttle", "on-demand"),
        cwd=tmp_path,
        environ={"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"},
    )
    assert ran.code == 2
    assert "throttles by itself" in ran.err


@contextmanager
def proxy(engine: Engine, limits: str) -> Iterator[str]:
    """The address of a gate before an engine, in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROXY, engine.url, limits],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.communicate("", timeout=30)


def test_a_run_against_a_gate_says_so(place: Path, engine: Engine) -> None:
    """A run that meets a proxy's throttles records whose they are."""
    limits = "provisioned:9999rcu,9999wcu"
    with proxy(engine, limits) as url:
        ran = command(place, url, "run", "cmz", "--duration", "2s", "--name", "through")
    assert ran.code == 0, ran.err
    run = record(place, "through")
    assert run.header.simulated == (f"throttling: {limits}, by the gate at {url}",)
    assert not throttles(run)


@contextmanager
def neighbour(url: str) -> Iterator[None]:
    """Somebody who writes one item of the table over and over, whatever is answered."""
    client, done = dynamodb(embedded_target(url, environ={})), threading.Event()
    item = {"userId": {"S": "neighbour"}, "sessionIdTimestamp": {"S": "1"}}

    def write() -> None:
        while not done.is_set():
            with suppress(ClientError):
                client.put_item(TableName=TABLE, Item=item)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        done.set()
        writer.join()


def test_a_seed_gets_through_a_gate(tmp_path: Path, binary: Binary, state: Path) -> None:
    """A seed of a table that throttles loses nothing: what was refused is sent again until all is
    written, and throttles are counted. Somebody else takes of the same few units."""
    with (
        Engine(binary, folder=state) as own,
        proxy(own, "provisioned:500rcu,20wcu,burst=0s") as url,
    ):
        assert command(tmp_path, url, "tables", "create", "cmz").code == 0
        with neighbour(url):
            ran = command(tmp_path, url, "seed", "cmz", "--scale", "150", "--json")
        assert ran.code == 0, ran.err
        report = json.loads(ran.out)
        pages = dynamodb(embedded_target(own.url, environ={})).get_paginator("scan")
        counts = [page["Count"] for page in pages.paginate(TableName=TABLE, Select="COUNT")]
    assert sum(counts) == report["written"] + 1  # the neighbour's
    assert report["throttles"]


PROXY = """
import sys
import threading
import gevent
from gevent.os import tp_read
from loadstone.aws.target import embedded_target
from loadstone.capacity.throttle_rules import Rules
from loadstone.gate.proxy import Proxy

with Proxy(embedded_target(sys.argv[1], environ={}), Rules.parse([sys.argv[2]])) as proxy:
    print(proxy.url, flush=True)
    tp_read(0, 1)
"""
