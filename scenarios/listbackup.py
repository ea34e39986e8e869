"""ListBackup: what its application asks, of the core tables and of the single table of version 2.

Each question is put to both designs, about the same things and as often: a run of `core` and one of
`v2` compare the two, and the other mixes are half the one and half the other.
"""

from collections.abc import Mapping

from fixtures.listbackup import DOCUMENT, account, user
from loadstone import Journey, Mix, Pattern, Think, Touched
from scenarios._listbackup_analytics import (
    analytics_of_account,
    analytics_of_user,
    analytics_over_time,
    record_query,
    v2_analytics_of_account,
    v2_analytics_of_user,
    v2_analytics_over_time,
    v2_record_query,
)
from scenarios._listbackup_chats import (
    chatting,
    conversation_history,
    conversations_of_account,
    exchange,
    v2_chatting,
    v2_conversation_history,
    v2_conversations_of_account,
    v2_exchange,
)
from scenarios._listbackup_integrations import (
    expiring_integrations,
    integration_by_id,
    token_refresh,
    v2_expiring_integrations,
    v2_integration_by_id,
    v2_token_refresh,
)
from scenarios._listbackup_jobs import (
    due_jobs,
    job_by_id,
    job_switch,
    jobs_of_account,
    v2_due_jobs,
    v2_job_by_id,
    v2_job_switch,
    v2_jobs_of_account,
)
from scenarios._listbackup_people import (
    account_settings,
    accounts_of_user,
    user_by_email,
    user_by_id,
    v2_account_settings,
    v2_accounts_of_user,
    v2_user_by_email,
    v2_user_by_id,
)
from scenarios._listbackup_runs import (
    backup_run,
    quick_run,
    runs_of_account,
    runs_of_job,
    v2_backup_run,
    v2_quick_run,
    v2_runs_of_account,
    v2_runs_of_job,
)

ACCESS = f"{DOCUMENT}: Current Access Patterns"

# A run writes to what belongs to a fifth of the users: few have a job and a token that can be
# renewed. The others' answers are checked to the last row.
touched = Touched(user, share=0.2)

# Who looks back on what was backed up and asked.

analyst = Journey(
    "analyst",
    of=account,
    steps=(
        user_by_id,
        accounts_of_user,
        Think(2, 6),
        runs_of_account,
        Think(5, 20),
        record_query,
        Think(5, 20),
        record_query,
        Think(1, 4),
        analytics_of_account,
        Think(2, 10),
        analytics_of_user,
    ),
    source=ACCESS,
)
v2_analyst = Journey(
    "v2-analyst",
    of=account,
    steps=(
        v2_user_by_id,
        v2_accounts_of_user,
        Think(2, 6),
        v2_runs_of_account,
        Think(5, 20),
        v2_record_query,
        Think(5, 20),
        v2_record_query,
        Think(1, 4),
        v2_analytics_of_account,
        Think(2, 10),
        v2_analytics_of_user,
    ),
    source=ACCESS,
)

# What asks the one design, and what asks the same of the other.

Weights = Mapping[Pattern | Journey, float]

IN_V2: Mapping[Pattern | Journey, Pattern | Journey] = {
    user_by_id: v2_user_by_id,
    user_by_email: v2_user_by_email,
    accounts_of_user: v2_accounts_of_user,
    account_settings: v2_account_settings,
    conversations_of_account: v2_conversations_of_account,
    conversation_history: v2_conversation_history,
    jobs_of_account: v2_jobs_of_account,
    job_by_id: v2_job_by_id,
    due_jobs: v2_due_jobs,
    runs_of_job: v2_runs_of_job,
    runs_of_account: v2_runs_of_account,
    integration_by_id: v2_integration_by_id,
    expiring_integrations: v2_expiring_integrations,
    analytics_of_user: v2_analytics_of_user,
    analytics_of_account: v2_analytics_of_account,
    record_query: v2_record_query,
    exchange: v2_exchange,
    quick_run: v2_quick_run,
    job_switch: v2_job_switch,
    token_refresh: v2_token_refresh,
    chatting: v2_chatting,
    backup_run: v2_backup_run,
    analyst: v2_analyst,
    analytics_over_time: v2_analytics_over_time,
}


def in_v2(weights: Weights) -> Weights:
    """The same weights of the other design."""
    return {IN_V2[entry]: weight for entry, weight in weights.items()}


def in_both(weights: Weights) -> Weights:
    """Half the one design, half the other."""
    return {**weights, **in_v2(weights)}


READS: Weights = {
    user_by_id: 6,
    user_by_email: 1,
    accounts_of_user: 4,
    account_settings: 3,
    conversations_of_account: 6,
    conversation_history: 8,
    jobs_of_account: 5,
    job_by_id: 2,
    due_jobs: 1,
    runs_of_job: 4,
    runs_of_account: 2,
    integration_by_id: 2,
    expiring_integrations: 1,
    analytics_of_user: 2,
    analytics_of_account: 2,
}

# Of an exchange, a run and a switch each is three or four operations.
BALANCED: Weights = {
    **READS,
    record_query: 3,
    exchange: 6,
    quick_run: 3,
    job_switch: 1,
    token_refresh: 2,
}

core = Mix("core", BALANCED, think=Think(0.05, 0.15))
v2_alone = Mix("v2", in_v2(BALANCED), think=Think(0.05, 0.15))

balanced = Mix("balanced", in_both(BALANCED), think=Think(0.05, 0.15))

read_heavy = Mix(
    "read-heavy",
    in_both({**READS, record_query: 0.5, exchange: 0.5, token_refresh: 0.2}),
    think=Think(0.05, 0.15),
)

write_heavy = Mix(
    "write-heavy",
    in_both(
        {
            conversation_history: 2,
            job_by_id: 1,
            record_query: 4,
            exchange: 6,
            quick_run: 4,
            job_switch: 1,
            token_refresh: 2,
        }
    ),
    think=Think(0.05, 0.15),
)

people_and_workers = Mix(
    "journeys",
    in_both({chatting: 6, backup_run: 4, token_refresh: 3, analyst: 1}),
    think=Think(1, 5),
)

# Reads whole tables, and is played where it is named.
aggregation = Mix(
    "aggregation",
    in_both({analytics_over_time: 1}),
    think=Think(1, 5),
    scans=True,
)
