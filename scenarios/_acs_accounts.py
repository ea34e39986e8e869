"""What ACS asks about its users: who they are, their sessions, their limits, what ran for them."""

from fixtures._acs_tables import invocations, rl_ai, rl_aws, sessions, users
from fixtures._acs_words import FUNCTIONS
from fixtures.acs import DOCUMENT, invocation, rl_ai_row, rl_aws_row, session, user
from loadstone import (
    HOUR_MS,
    Every,
    Exactly,
    GetItem,
    Index,
    Pattern,
    PutItem,
    Query,
    Scan,
    UpdateItem,
    Written,
    at_most,
    attribute,
    below,
    epoch,
    increased,
    iso,
    now,
    whole,
    wrote,
)

COMMON = f"{DOCUMENT}: Common Queries"
USERS = f"{DOCUMENT}: 1. Users Table"
SESSIONS = f"{DOCUMENT}: 7. Sessions Table"
AI_LIMITS = f"{DOCUMENT}: 8. RL_AI Table (Rate Limiting - AI)"
AWS_LIMITS = f"{DOCUMENT}: 9. RL_AWS Table (Rate Limiting - AWS)"
INVOCATIONS = f"{DOCUMENT}: 13. Invocations Table"

# Users.

user_by_email = Pattern(
    "user-by-email",
    Query(users, index="responseEmail-index", key={"responseEmail": user["responseEmail"]}),
    of=user,
    expects=Exactly(),
    source=COMMON,
)

user_by_id = Pattern("user-by-id", GetItem(user), of=user, expects=Exactly(), source=USERS)

user_by_id_index = Pattern(
    "user-by-id-index",
    Query(users, index="id-index", key={"id": user["id"]}),
    of=user,
    expects=Exactly(),
    source=USERS,
)

activity_of_user = Pattern(
    "activity-of-user",
    Query(users, index="userId-createdAt-index", key={"userId": user["userId"]}, newest_first=True),
    of=user,
    expects=Exactly(),
    source=USERS,
)

# The documented query is by the address that replies go out from. By a user's own address, which
# is what people type into a form, nothing finds them.
user_by_own_address = Pattern(
    "user-by-own-address",
    Scan(users, filter={"email": user["email"]}, pages=None),
    of=user,
    expects=Exactly(),
    source=COMMON,
    missing_index=Index("email-index", partition_key="email"),
)

# Sessions.

session_by_id = Pattern(
    "session-by-id", GetItem(session), of=session, expects=Exactly(), source=SESSIONS
)

# As documented it is a query of a table by what is no key of it, which DynamoDB refuses.
active_sessions = Pattern(
    "active-sessions",
    Scan(sessions, filter={"user_id": user["id"], "is_active": True}, pages=None),
    of=user,
    expects=Every(session),
    source=COMMON,
    missing_index=Index("user_id-index", partition_key="user_id"),
)

open_session = Pattern(
    "open-session",
    PutItem(session, values={"last_activity": iso(now), "is_active": True}),
    of=user,
    expects=Written(),
    source=SESSIONS,
)

touch_session = Pattern(
    "touch-session",
    UpdateItem(session, set={"last_activity": iso(now)}),
    of=session,
    only=session["is_active"],
    expects=Written(),
    source=SESSIONS,
)

# Only a session that the run has opened: TTL may take what is expired at any moment.
expire_session = Pattern(
    "expire-session",
    UpdateItem(
        session,
        key={"session_id": wrote(open_session, "session_id")},
        set={
            "is_active": False,
            "last_activity": iso(now),
            "expires_at": iso(now),
            "ttl": epoch(now),
        },
    ),
    of=user,
    expects=Written(),
    source=SESSIONS,
)

# Rate limits. The parts of a count add up to it, as in the data.

ai_limits = Pattern("ai-limits", GetItem(rl_ai_row), of=user, expects=Exactly(), source=AI_LIMITS)

ai_limits_by_index = Pattern(
    "ai-limits-by-index",
    Query(rl_ai, index="associated_account-index", key={"associated_account": user["id"]}),
    of=user,
    expects=Every(rl_ai_row),
    source=AI_LIMITS,
)

written = whole(0, 1)  # an e-mail of its own; else an answer

count_ai_request = Pattern(
    "count-ai-request",
    UpdateItem(
        rl_ai_row,
        set={
            "request_count": increased(),
            "last_request": iso(now),
            "metadata.function_calls.generate_email": increased(written),
            "metadata.function_calls.llm_response": increased(1 - written),
        },
        condition={"request_count": below(attribute("limit"))},
    ),
    of=user,
    expects=Written(unless="limit reached", ends=True),
    source=AI_LIMITS,
)

renew_ai_window = Pattern(
    "renew-ai-window",
    UpdateItem(
        rl_ai_row,
        set={
            "request_count": 0,
            "window_start": iso(now),
            "window_end": iso(now + HOUR_MS),
            "reset_time": iso(now + HOUR_MS),
            "blocked_until": None,
            "metadata.function_calls": {"generate_email": 0, "llm_response": 0},
        },
        condition={"window_end": at_most(iso(now))},
    ),
    of=user,
    expects=Written(unless="window still open"),
    source=AI_LIMITS,
)

aws_limits = Pattern(
    "aws-limits", GetItem(rl_aws_row), of=user, expects=Exactly(), source=AWS_LIMITS
)

aws_limits_by_index = Pattern(
    "aws-limits-by-index",
    Query(rl_aws, index="associated_account-index", key={"associated_account": user["id"]}),
    of=user,
    expects=Every(rl_aws_row),
    source=AWS_LIMITS,
)

to_dynamodb, to_s3, to_ses = whole(1, 3), whole(0, 2), whole(0, 1)

count_aws_request = Pattern(
    "count-aws-request",
    UpdateItem(
        rl_aws_row,
        set={
            "aws_requests": increased(to_dynamodb + to_s3 + to_ses),
            "last_request": iso(now),
            "metadata.service_calls.dynamodb": increased(to_dynamodb),
            "metadata.service_calls.s3": increased(to_s3),
            "metadata.service_calls.ses": increased(to_ses),
        },
        condition={"aws_requests": below(attribute("limit"))},
    ),
    of=user,
    expects=Written(unless="limit reached", ends=True),
    source=AWS_LIMITS,
)

renew_aws_window = Pattern(
    "renew-aws-window",
    UpdateItem(
        rl_aws_row,
        set={
            "aws_requests": 0,
            "throttled_requests": 0,
            "window_start": iso(now),
            "window_end": iso(now + HOUR_MS),
            "reset_time": iso(now + HOUR_MS),
            "metadata.service_calls": {"dynamodb": 0, "s3": 0, "ses": 0},
        },
        condition={"window_end": at_most(iso(now))},
    ),
    of=user,
    expects=Written(unless="window still open"),
    source=AWS_LIMITS,
)

# Invocations.

invocation_by_id = Pattern(
    "invocation-by-id", GetItem(invocation), of=invocation, expects=Exactly(), source=INVOCATIONS
)

invocation_by_id_index = Pattern(
    "invocation-by-id-index",
    Query(invocations, index="id-index", key={"id": invocation["id"]}),
    of=invocation,
    expects=Exactly(),
    source=INVOCATIONS,
)

invocations_of_account = Pattern(
    "invocations-of-account",
    Query(
        invocations,
        index="associated_account-index",
        key={"associated_account": user["id"]},
        pages=None,
    ),
    of=user,
    expects=Every(invocation),
    source=INVOCATIONS,
)

record_invocation = Pattern(
    "record-invocation", PutItem(invocation), of=user, expects=Written(), source=INVOCATIONS
)


def record_of(pattern: str, name: str) -> Pattern:
    """The record of one function's success, which a journey has just had."""
    function = next(each for each in FUNCTIONS if each["name"] == name)
    return Pattern(
        pattern,
        PutItem(
            invocation,
            values={
                "function_name": name,
                "duration_ms": whole(function["ms"] * 6 // 10, function["ms"] * 2),
                "status": "success",
                "cold_start": False,
                "metadata.http_method": function["method"],
                "metadata.endpoint": function["endpoint"],
            },
            without=("error_message",),
        ),
        of=user,
        expects=Written(),
        source=INVOCATIONS,
    )


record_login = record_of("record-login", "LoginUser")
record_answer = record_of("record-answer", "GenerateLLMResponse")
