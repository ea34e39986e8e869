"""What ACS asks about mail: its messages, the threads that they stand in, and what models made."""

from fixtures._acs_tables import (
    conversations,
    ev_data_collection,
    llm_data_collection,
    llm_report_data,
    threads,
)
from fixtures._acs_words import MODELS
from fixtures.acs import (
    DOCUMENT,
    DOLLAR_E6_PER_TOKEN,
    llm,
    message,
    month,
    organization,
    report,
    scores,
    talk,
    thread,
    used,
    user,
)
from loadstone import (
    BatchGetItem,
    Every,
    Exactly,
    GetItem,
    Pattern,
    PutItem,
    Query,
    Some,
    UpdateItem,
    Written,
    calendar,
    decimal,
    increased,
    iso,
    last_of,
    now,
    scaled,
    text,
    when,
    whole,
    wrote,
)

COMMON = f"{DOCUMENT}: Common Queries"
CONVERSATIONS = f"{DOCUMENT}: 2. Conversations Table"
THREADS = f"{DOCUMENT}: 3. Threads Table"
EV_DATA = f"{DOCUMENT}: 10. EVDataCollection Table"
LLM_DATA = f"{DOCUMENT}: 11. LLMDataCollection Table"
REPORTS = f"{DOCUMENT}: 12. LLMReportData Table"

# Messages.

messages_of_conversation = Pattern(
    "messages-of-conversation",
    Query(conversations, key={"conversation_id": talk["conversation_id"]}, pages=None),
    of=talk,
    expects=Every(message),
    source=COMMON,
)

messages_by_index = Pattern(
    "messages-by-index",
    Query(
        conversations,
        index="conversation_id-index",
        key={"conversation_id": talk["conversation_id"]},
        pages=None,
    ),
    of=talk,
    expects=Every(message),
    source=CONVERSATIONS,
)

conversations_of_account = Pattern(
    "conversations-of-account",
    Query(
        conversations,
        index="associated_account-index",
        key={"associated_account": user["id"]},
        pages=None,
    ),
    of=user,
    expects=Every(message),
    source=COMMON,
)


def by_place(pattern: str, is_first: str) -> Pattern:
    """An account's messages that open a conversation, or those that follow."""
    return Pattern(
        pattern,
        Query(
            conversations,
            index="associated_account-is_first_email-index",
            key={"associated_account": user["id"], "is_first_email": is_first},
            pages=None,
        ),
        of=user,
        expects=Every(message),
        source=CONVERSATIONS,
    )


first_emails_of_account = by_place("first-emails-of-account", "true")
follow_ups_of_account = by_place("follow-ups-of-account", "false")

one_message = Pattern(
    "one-message", GetItem(message), of=message, expects=Exactly(), source=CONVERSATIONS
)

message_by_message_id = Pattern(
    "message-by-message-id",
    Query(conversations, index="message_id-index", key={"message_id": message["message_id"]}),
    of=message,
    expects=Exactly(),
    source=CONVERSATIONS,
)

message_by_response_id = Pattern(
    "message-by-response-id",
    Query(conversations, index="response_id-index", key={"response_id": message["response_id"]}),
    of=message,
    expects=Exactly(),
    source=CONVERSATIONS,
)

# A customer writes again, and is answered: the stored message holds both. In one of the running
# month's conversations whose messages are all answered, so that this one is too.
store_message = Pattern(
    "store-message",
    PutItem(message, position=3),
    of=talk,
    only=month["back"].equals(0) & (talk["answered"] > 0) & talk["lastState"].equals(0),
    expects=Written(),
    source=CONVERSATIONS,
)

# A mail that opens a conversation waits for its answer: its status is "received".
first_message = Pattern(
    "first-message",
    PutItem(message),
    of=month,
    only=month["back"].equals(0),
    expects=Written(),
    source=CONVERSATIONS,
)

# Threads.

thread_of_conversation = Pattern(
    "thread-of-conversation", GetItem(thread), of=talk, expects=Exactly(), source=THREADS
)

thread_by_index = Pattern(
    "thread-by-index",
    Query(
        threads,
        index="conversation_id-index",
        key={"conversation_id": talk["conversation_id"]},
    ),
    of=talk,
    expects=Every(thread),
    source=THREADS,
)

# The index has no sort key: whoever wants the latest first reads all.
threads_of_account = Pattern(
    "threads-of-account",
    Query(
        threads,
        index="associated_account",
        key={"associated_account": user["id"]},
        pages=None,
    ),
    of=user,
    expects=Every(thread),
    source=THREADS,
)

bump_thread = Pattern(
    "bump-thread",
    UpdateItem(
        thread,
        set={
            "message_count": increased(),
            "last_message_at": wrote(store_message, "timestamp"),
            "updated_at": iso(now),
            "status": "active",
        },
    ),
    of=talk,
    expects=Written(),
    source=THREADS,
)

open_thread = Pattern(
    "open-thread",
    PutItem(
        thread,
        values={
            "message_count": 1,
            "last_message_at": wrote(first_message, "timestamp"),
            "updated_at": iso(now),
            "status": "active",
        },
    ),
    of=month,
    expects=Written(),
    source=THREADS,
)

# Expected values. A conversation has one row, which is written over.

ev_data = Pattern("ev-data", GetItem(scores), of=talk, expects=Exactly(), source=EV_DATA)

ev_data_by_index = Pattern(
    "ev-data-by-index",
    Query(
        ev_data_collection,
        index="conversation_id-index",
        key={"conversation_id": talk["conversation_id"]},
    ),
    of=talk,
    expects=Every(scores),
    source=EV_DATA,
)

promptness = whole(20, 95)
ev_score = (
    talk["urgency%"] * 3 + talk["priority%"] * 4 + talk["sentiment%"] * 2 + promptness
) // 10

store_ev_data = Pattern(
    "store-ev-data",
    PutItem(
        scores,
        values={
            "ev_score": scaled(ev_score, 2),
            "calculation_date": iso(now),
            "factors.response_time": scaled(promptness, 2),
            "metadata.calculation_time_ms": whole(60, 400),
        },
    ),
    of=scores,
    expects=Written(),
    source=EV_DATA,
)

# What models made. Of this too a conversation has one row.

llm_data = Pattern("llm-data", GetItem(llm), of=talk, expects=Exactly(), source=LLM_DATA)

llm_data_by_index = Pattern(
    "llm-data-by-index",
    Query(
        llm_data_collection,
        index="conversation_id-index",
        key={"conversation_id": talk["conversation_id"]},
    ),
    of=talk,
    expects=Every(llm),
    source=LLM_DATA,
)

# No index finds them by account: their keys are known from the account's threads.
llm_data_of_month = Pattern(
    "llm-data-of-month",
    BatchGetItem(llm, most=100),
    of=month,
    only=month["back"].equals(0),
    expects=Every(llm),
    source=LLM_DATA,
)

prompted, replied = whole(380, 720), whole(120, 215)

store_llm_data = Pattern(
    "store-llm-data",
    PutItem(
        llm,
        values={
            "model_used": MODELS[0],
            "prompt_tokens": prompted,
            "response_tokens": replied,
            "total_tokens": prompted + replied,
            "response_time_ms": whole(900, 4200),
            "quality_score": decimal(0.7, 0.96),
            "generated_at": iso(now),
            "prompt": text(
                "You answer e-mail for {org}. Answer the question, name the next step, invent "
                "nothing.\n\nFrom: {sender}\nSubject: {subject}\n\n{body}",
                org=organization["name"],
                sender=wrote(store_message, "sender_email"),
                subject=wrote(store_message, "subject"),
                body=wrote(store_message, "body"),
            ),
            "response": wrote(store_message, "ai_response"),
            "metadata.cost_usd": scaled((prompted + replied) * DOLLAR_E6_PER_TOKEN[0], 6),
        },
    ),
    of=llm,
    expects=Written(),
    source=LLM_DATA,
)

# Reports.

report_by_id = Pattern(
    "report-by-id", GetItem(report), of=report, expects=Exactly(), source=REPORTS
)

report_by_index = Pattern(
    "report-by-index",
    Query(llm_report_data, index="report_id-index", key={"report_id": report["report_id"]}),
    of=report,
    expects=Exactly(),
    source=REPORTS,
)

running = last_of(month)
requests = running["requests"]
by_newer = (requests - running["olderRequests"], running["newerPrompts"], running["newerReplies"])
by_older = (running["olderRequests"], running["olderPrompts"], running["olderReplies"])
newer_tokens, older_tokens = (prompts + replies for _, prompts, replies in (by_newer, by_older))
emails = requests * whole(30, 75) // 100

write_report = Pattern(
    "write-report",
    PutItem(
        report,
        values={
            "report_period": calendar(running["from"], "{year}-{month:02}"),
            "generated_at": iso(now),
            "total_requests": requests,
            "total_tokens": newer_tokens + older_tokens,
            "total_cost_usd": scaled(
                newer_tokens * DOLLAR_E6_PER_TOKEN[0] + older_tokens * DOLLAR_E6_PER_TOKEN[1], 6
            ),
            "average_response_time_ms": running["averageMs"],
            "average_quality_score": scaled(running["averageQuality"], 2),
            "model_usage": {
                MODELS[0]: used(*by_newer, 0),
                MODELS[1]: when(running["olderRequests"] > 0, used(*by_older, 1)),
            },
            "function_breakdown": {
                "generate_email": emails,
                "llm_response": requests - emails,
            },
        },
    ),
    of=user,
    only=requests > 0,
    expects=Written(),
    source=REPORTS,
)

new_report = Pattern(
    "new-report",
    GetItem(report, key={"report_id": wrote(write_report, "report_id")}),
    of=user,
    expects=Some(),
    source=REPORTS,
)
