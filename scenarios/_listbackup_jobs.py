"""ListBackup, jobs: which there are, which are due, and pausing them; in both designs."""

from fixtures.listbackup import DOCUMENT, account, backup, job, jobs, v2, v2_job
from loadstone import (
    Every,
    Exactly,
    GetItem,
    Journey,
    Maybe,
    Pattern,
    Query,
    UpdateItem,
    Written,
    at_most,
    begins_with,
    equal,
    iso,
    now,
    text,
)

ACCESS = f"{DOCUMENT}: Current Access Patterns"
SINGLE_TABLE = f"{DOCUMENT}: Single Table Design Considerations"
ALTERNATE = f"{DOCUMENT}: DynamoDB Optimization"
SPARSE = f"{DOCUMENT}: Maintaining Compatibility"

BATCH = 25  # due jobs that are taken at one time

jobs_of_account = Pattern(
    "jobs-of-account",
    Query(jobs, key={"accountId": account["accountId"]}),
    of=account,
    expects=Every(job),
    source=ACCESS,
)
v2_jobs_of_account = Pattern(
    "v2-jobs-of-account",
    Query(
        v2,
        key={
            "PK": text("ACCOUNT#{id}", id=account["accountId"]),
            "SK": begins_with("JOB#"),
        },
    ),
    of=account,
    expects=Every(v2_job),
    source=ACCESS,
)

due_jobs = Pattern(
    "due-jobs",
    Query(
        jobs,
        index="status-index",
        key={"status": "enabled", "nextRunAt": at_most(iso(now))},
        limit=BATCH,
    ),
    of=job,
    expects=Maybe(),
    source=ALTERNATE,
)
v2_due_jobs = Pattern(
    "v2-due-jobs",
    Query(
        v2,
        index="GSI1",
        key={"GSI1PK": "JOBS#enabled", "GSI1SK": at_most(iso(now))},
        limit=BATCH,
    ),
    of=job,
    expects=Maybe(),
    source=ALTERNATE,
)

job_by_id = Pattern(
    "job-by-id",
    GetItem(job),
    of=job,
    expects=Exactly(),
    source=f"{DOCUMENT}: Core Tables",
)
v2_job_by_id = Pattern(
    "v2-job-by-id",
    GetItem(v2_job),
    of=job,
    expects=Exactly(),
    source=SINGLE_TABLE,
)

# A job that is paused leaves the index of what is due, and one that goes on is in it again.

NEXT = iso(now + backup["period"])

pause_job = Pattern(
    "pause-job",
    UpdateItem(
        job,
        set={"status": "paused", "updatedAt": iso(now)},
        remove=("nextRunAt",),
        condition={"status": "enabled"},
    ),
    of=job,
    only=equal(job["status"], "enabled"),
    expects=Written(unless="not enabled"),
    source=SPARSE,
)
v2_pause_job = Pattern(
    "v2-pause-job",
    UpdateItem(
        v2_job,
        set={"status": "paused", "updatedAt": iso(now)},
        remove=("nextRunAt", "GSI1PK", "GSI1SK"),
        condition={"status": "enabled"},
    ),
    of=job,
    only=equal(job["status"], "enabled"),
    expects=Written(unless="not enabled"),
    source=SPARSE,
)

resume_job = Pattern(
    "resume-job",
    UpdateItem(
        job,
        set={"status": "enabled", "nextRunAt": NEXT, "updatedAt": iso(now)},
        condition={"status": "paused"},
    ),
    of=job,
    only=equal(job["status"], "enabled"),
    expects=Written(unless="not paused"),
    source=SPARSE,
)
v2_resume_job = Pattern(
    "v2-resume-job",
    UpdateItem(
        v2_job,
        set={
            "status": "enabled",
            "nextRunAt": NEXT,
            "updatedAt": iso(now),
            "GSI1PK": "JOBS#enabled",
            "GSI1SK": NEXT,
        },
        condition={"status": "paused"},
    ),
    of=job,
    only=equal(job["status"], "enabled"),
    expects=Written(unless="not paused"),
    source=SPARSE,
)

job_switch = Journey(
    "job-switch",
    of=job,
    steps=(job_by_id, pause_job, resume_job),
    source=ACCESS,
)
v2_job_switch = Journey(
    "v2-job-switch",
    of=job,
    steps=(v2_job_by_id, v2_pause_job, v2_resume_job),
    source=ACCESS,
)
