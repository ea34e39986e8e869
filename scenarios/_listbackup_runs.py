"""ListBackup, runs of jobs: their history, and one from its start to its end; in both designs."""

from typing import Any

from fixtures.listbackup import (
    DOCUMENT,
    account,
    backup,
    job,
    job_run,
    job_runs,
    v2,
    v2_job,
    v2_job_run,
)
from loadstone import (
    DAY_MS,
    Every,
    Journey,
    Pattern,
    PutItem,
    Query,
    Think,
    UpdateItem,
    Written,
    begins_with,
    between,
    equal,
    iso,
    missing,
    now,
    text,
    wrote,
)
from scenarios._listbackup_integrations import integration_by_id, v2_integration_by_id
from scenarios._listbackup_jobs import NEXT, due_jobs, job_by_id, v2_due_jobs, v2_job_by_id

ACCESS = f"{DOCUMENT}: Current Access Patterns"
SINGLE_TABLE = f"{DOCUMENT}: Single Table Design Considerations"
ALTERNATE = f"{DOCUMENT}: DynamoDB Optimization"
CONDITIONAL = f"{DOCUMENT}: Write Optimization"

SINCE, UNTIL = iso(now - 30 * DAY_MS), iso(now)

runs_of_job = Pattern(
    "runs-of-job",
    Query(job_runs, key={"jobId": backup["jobId"]}, newest_first=True, limit=20),
    of=backup,
    expects=Every(job_run),
    source=ACCESS,
)
v2_runs_of_job = Pattern(
    "v2-runs-of-job",
    Query(
        v2,
        key={"PK": text("JOB#{id}", id=backup["jobId"]), "SK": begins_with("RUN#")},
        newest_first=True,
        limit=20,
    ),
    of=backup,
    expects=Every(v2_job_run),
    source=ACCESS,
)

runs_of_account = Pattern(
    "runs-of-account",
    Query(
        job_runs,
        index="accountId-index",
        key={"accountId": account["accountId"], "startedAt": between(SINCE, UNTIL)},
    ),
    of=account,
    expects=Every(job_run),
    source=ALTERNATE,
)
v2_runs_of_account = Pattern(
    "v2-runs-of-account",
    Query(
        v2,
        index="GSI1",
        key={
            "GSI1PK": text("ACCOUNT#{id}", id=account["accountId"]),
            "GSI1SK": between(text("RUN#{at}", at=SINCE), text("RUN#{at}", at=UNTIL)),
        },
    ),
    of=account,
    expects=Every(v2_job_run),
    source=ALTERNATE,
)

# One run, from its start to its end.

QUEUED: dict[str, Any] = {"status": "queued", "items": 0, "bytes": 0, "updatedAt": iso(now)}
RUNNING: dict[str, Any] = {"status": "running", "updatedAt": iso(now)}
SUCCEEDED: dict[str, Any] = {
    "status": "succeeded",
    "items": backup["items"],
    "bytes": backup["items"] * backup["itemBytes"],
    "finishedAt": iso(now),
    "updatedAt": iso(now),
}

start_run = Pattern(
    "start-run",
    PutItem(
        job_run,
        values=QUEUED,
        without=("finishedAt", "error"),
        condition={"runId": missing()},
    ),
    of=backup,
    expects=Written(),
    source=CONDITIONAL,
)
v2_start_run = Pattern(
    "v2-start-run",
    PutItem(
        v2_job_run,
        values=QUEUED,
        without=("finishedAt", "error"),
        condition={"SK": missing()},
    ),
    of=backup,
    expects=Written(),
    source=CONDITIONAL,
)

THIS_RUN = {"jobId": wrote(start_run, "jobId"), "runId": wrote(start_run, "runId")}
V2_THIS_RUN = {"PK": wrote(v2_start_run, "PK"), "SK": wrote(v2_start_run, "SK")}

run_begins = Pattern(
    "run-begins",
    UpdateItem(job_run, key=THIS_RUN, set=RUNNING, condition={"status": "queued"}),
    of=backup,
    expects=Written(),
    source=CONDITIONAL,
)
v2_run_begins = Pattern(
    "v2-run-begins",
    UpdateItem(v2_job_run, key=V2_THIS_RUN, set=RUNNING, condition={"status": "queued"}),
    of=backup,
    expects=Written(),
    source=CONDITIONAL,
)

run_succeeds = Pattern(
    "run-succeeds",
    UpdateItem(job_run, key=THIS_RUN, set=SUCCEEDED, condition={"status": "running"}),
    of=backup,
    expects=Written(),
    source=CONDITIONAL,
)
v2_run_succeeds = Pattern(
    "v2-run-succeeds",
    UpdateItem(v2_job_run, key=V2_THIS_RUN, set=SUCCEEDED, condition={"status": "running"}),
    of=backup,
    expects=Written(),
    source=CONDITIONAL,
)

# A job that was paused meanwhile stays out of the index of what is due.
schedule_next = Pattern(
    "schedule-next",
    UpdateItem(
        job,
        set={
            "lastRunId": wrote(start_run, "runId"),
            "nextRunAt": NEXT,
            "updatedAt": iso(now),
        },
        condition={"status": "enabled"},
    ),
    of=job,
    only=equal(job["status"], "enabled"),
    expects=Written(unless="not enabled"),
    source=CONDITIONAL,
)
v2_schedule_next = Pattern(
    "v2-schedule-next",
    UpdateItem(
        v2_job,
        set={
            "lastRunId": wrote(v2_start_run, "runId"),
            "nextRunAt": NEXT,
            "GSI1SK": NEXT,
            "updatedAt": iso(now),
        },
        condition={"status": "enabled"},
    ),
    of=job,
    only=equal(job["status"], "enabled"),
    expects=Written(unless="not enabled"),
    source=CONDITIONAL,
)

quick_run = Journey(
    "quick-run",
    of=job,
    steps=(start_run, run_begins, run_succeeds, schedule_next),
    source=ACCESS,
)
v2_quick_run = Journey(
    "v2-quick-run",
    of=job,
    steps=(v2_start_run, v2_run_begins, v2_run_succeeds, v2_schedule_next),
    source=ACCESS,
)

backup_run = Journey(
    "backup-run",
    of=job,
    steps=(
        due_jobs,
        job_by_id,
        integration_by_id,
        start_run,
        Think(0.5, 2),
        run_begins,
        Think(5, 20),
        run_succeeds,
        schedule_next,
        runs_of_job,
    ),
    source=ACCESS,
)
v2_backup_run = Journey(
    "v2-backup-run",
    of=job,
    steps=(
        v2_due_jobs,
        v2_job_by_id,
        v2_integration_by_id,
        v2_start_run,
        Think(0.5, 2),
        v2_run_begins,
        Think(5, 20),
        v2_run_succeeds,
        v2_schedule_next,
        v2_runs_of_job,
    ),
    source=ACCESS,
)
