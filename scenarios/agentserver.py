"""AI Agent Server: what its two endpoints, to process a message and to list conversations, ask."""

from fixtures.agentserver import DOCUMENT, message, messages, session, sessions, talk, tenant, user
from loadstone import (
    Each,
    Every,
    Exactly,
    GetItem,
    Journey,
    Mix,
    Pattern,
    PutItem,
    Query,
    Think,
    Touched,
    UpdateItem,
    Written,
    iso,
    missing,
    now,
    wrote,
)

SESSIONS = f"{DOCUMENT}: 1. Sessions Table (`ai-agent-sessions`)"
MESSAGES = f"{DOCUMENT}: 2. Messages Table (`ai-agent-messages`)"
ENDPOINTS = f"{DOCUMENT}: Testing the Setup"
NOW = iso(now, "milliseconds")

# A run writes to a tenth of the tenants; the others' answers are checked to the last row.
touched = Touched(tenant, share=0.1)

# Reading.

one_session = Pattern(
    "one-session",
    GetItem(session),
    of=session,
    expects=Exactly(),
    source=SESSIONS,
)

users_sessions = Pattern(
    "users-sessions",
    Query(
        sessions,
        index="TenantUserIndex",
        key={"tenantId": tenant["tenantId"], "userId": user["userId"]},
        pages=None,
    ),
    of=user,
    expects=Every(session),
    source=SESSIONS,
)

session_messages = Pattern(
    "session-messages",
    Query(
        messages, index="SessionTimestampIndex", key={"sessionId": talk["sessionId"]}, pages=None
    ),
    of=talk,
    expects=Every(message),
    source=MESSAGES,
)

tenants_newest = Pattern(
    "tenants-newest",
    Query(
        messages,
        index="TenantTimestampIndex",
        key={"tenantId": tenant["tenantId"]},
        newest_first=True,
        limit=50,
    ),
    of=tenant,
    expects=Every(message),
    source=MESSAGES,
)

one_message = Pattern(
    "one-message",
    GetItem(message),
    of=message,
    expects=Exactly(),
    source=MESSAGES,
)

# Writing to a session that is there.

question = Pattern(
    "question",
    PutItem(message, position=0),
    of=talk,
    expects=Written(),
    source=ENDPOINTS,
)

answer = Pattern(
    "answer",
    PutItem(message, position=1),
    of=talk,
    expects=Written(),
    source=ENDPOINTS,
)

touch_session = Pattern(
    "touch-session",
    UpdateItem(session, set={"updatedAt": NOW, "isActive": True}),
    of=session,
    expects=Written(),
    source=SESSIONS,
)

# Writing to one that begins. Within a journey they are of the same new session.

open_session = Pattern(
    "open-session",
    PutItem(session, values={"isActive": True, "updatedAt": NOW}, condition={"id": missing()}),
    of=user,
    expects=Written(),
    source=ENDPOINTS,
)

first_question = Pattern(
    "first-question",
    PutItem(message, position=0, values={"sessionId": wrote(open_session, "id")}),
    of=user,
    expects=Written(),
    source=ENDPOINTS,
)

first_answer = Pattern(
    "first-answer",
    PutItem(message, position=1, values={"sessionId": wrote(open_session, "id")}),
    of=user,
    expects=Written(),
    source=ENDPOINTS,
)

touch_new_session = Pattern(
    "touch-new-session",
    UpdateItem(
        session,
        key={
            "id": wrote(open_session, "id"),
            "tenantId": wrote(open_session, "tenantId"),
        },
        set={"updatedAt": NOW},
    ),
    of=user,
    expects=Written(),
    source=SESSIONS,
)

# The two documented calls. An agent thinks for some seconds before it answers.

process_message = Journey(
    "process-message",
    of=session,
    steps=(one_session, question, Think(1, 5), answer, touch_session),
    source=ENDPOINTS,
)

process_first_message = Journey(
    "process-first-message",
    of=user,
    steps=(
        users_sessions,
        open_session,
        first_question,
        Think(1, 5),
        first_answer,
        touch_new_session,
    ),
    source=ENDPOINTS,
)

list_conversations = Journey(
    "list-conversations",
    of=user,
    steps=(users_sessions, Each(session_messages)),
    source=ENDPOINTS,
)

# The same without an agent that thinks, for the mixes of single operations. The pause is there so
# that an answer is never as old as its question.

exchange = Journey(
    "exchange",
    of=session,
    steps=(question, Think(0.02, 0.1), answer, touch_session),
    source=ENDPOINTS,
)

opening = Journey(
    "opening",
    of=user,
    steps=(open_session, first_question, Think(0.02, 0.1), first_answer, touch_new_session),
    source=ENDPOINTS,
)

# In what proportions. The document gives none, so these are our judgement: a session is read for
# every message that comes in, its messages for every answer, and four exchanges make a session.

THINK = Think(0.05, 0.15)

# About ten reads to a write.
read_heavy = Mix(
    "read-heavy",
    {
        session_messages: 12,
        one_session: 10,
        users_sessions: 5,
        tenants_newest: 3,
        one_message: 3,
        exchange: 1,
    },
    think=THINK,
)

# About as many reads as writes.
balanced = Mix(
    "balanced",
    {
        session_messages: 6,
        one_session: 5,
        users_sessions: 3,
        tenants_newest: 1,
        one_message: 1,
        exchange: 4,
        opening: 1,
    },
    think=THINK,
)

# About five writes to a read.
write_heavy = Mix(
    "write-heavy",
    {
        session_messages: 2,
        one_session: 1,
        exchange: 4,
        opening: 1,
    },
    think=THINK,
)

# One message in four opens a session, and a user looks back at the conversations now and then.
visitors = Mix(
    "journeys",
    {process_message: 6, process_first_message: 2, list_conversations: 1},
    think=Think(1, 5),
)
