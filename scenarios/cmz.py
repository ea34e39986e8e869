"""CMZ Chat: what the chat, the parents' page and the keepers' page ask of their one table."""

from fixtures.cmz import DOCUMENT, conversations, household, message, session, student
from loadstone import (
    DocumentedPrice,
    Every,
    Exactly,
    GetItem,
    Journey,
    Mix,
    Pattern,
    PutItem,
    Query,
    Some,
    Think,
    Touched,
    Written,
    begins_with,
    text,
)

ACCESS = f"{DOCUMENT}: Access Patterns"
EXAMPLES = f"{DOCUMENT}: Query Examples"
NEXT_STEPS = f"{DOCUMENT}: Next Steps"

# The document prices requests twice, and differently.
BILLING, ESTIMATION = f"{DOCUMENT}: Billing Mode", f"{DOCUMENT}: Cost Estimation"
HALVED = "2024-11-01"
DOCUMENTED_PRICES = (
    DocumentedPrice(dimension="write_request_million", usd="0.25", source=BILLING, until=HALVED),
    DocumentedPrice(dimension="read_request_million", usd="0.25", source=BILLING, until=HALVED),
    DocumentedPrice(dimension="write_request_million", usd="1.25", source=ESTIMATION, until=HALVED),
    DocumentedPrice(dimension="read_request_million", usd="0.25", source=ESTIMATION, until=HALVED),
    DocumentedPrice(dimension="storage_gb_month", usd="0.25", source=ESTIMATION),
    DocumentedPrice(dimension="stream_read_100k", usd="0.02", source=ESTIMATION),
    DocumentedPrice(dimension="backup_gb_month", usd="0.10", source=ESTIMATION),
)

# A run adds messages to a tenth of the households; the others' answers are checked to the last row.
touched = Touched(household, share=0.1)

# Reading.

users_conversations = Pattern(
    "users-conversations",
    Query(conversations, key={"userId": student["userId"]}),
    of=student,
    expects=Every(message),
    source=ACCESS,
)

users_conversations_paged = Pattern(
    "users-conversations-paged",
    Query(conversations, key={"userId": student["userId"]}, limit=20, pages=None),
    of=student,
    expects=Every(message),
    source=EXAMPLES,
)

users_session = Pattern(
    "users-session",
    Query(
        conversations,
        key={
            "userId": student["userId"],
            "sessionIdTimestamp": begins_with(text("{id}#", id=session["sessionId"])),
        },
    ),
    of=session,
    expects=Every(message),
    source=f"{DOCUMENT}: Primary Table",
)

session_messages = Pattern(
    "session-messages",
    Query(conversations, index="SessionIndex", key={"sessionId": session["sessionId"]}),
    of=session,
    expects=Every(message),
    source=ACCESS,
)

animal_interactions = Pattern(
    "animal-interactions",
    Query(
        conversations,
        index="AnimalIndex",
        key={"animalId": session["animal"]["id"]},
        newest_first=True,
        limit=50,
    ),
    of=session,
    expects=Some(),
    source=ACCESS,
)

family_oversight = Pattern(
    "family-oversight",
    Query(conversations, index="ParentUserIndex", key={"parentUserId": household["parentUserId"]}),
    of=household,
    only=household["hasAccount"],
    expects=Every(message),
    source=ACCESS,
)

one_message = Pattern(
    "one-message",
    GetItem(message),
    of=message,
    expects=Exactly(),
    source=f"{DOCUMENT}: Primary Table",
)

# Writing: a question and its answer are two items, as a chat server writes them. Under a student
# they open a session of their own; within a journey they share it.

ask = Pattern(
    "ask",
    PutItem(message, position=0),
    of=student,
    expects=Written(),
    source=NEXT_STEPS,
)

answer = Pattern(
    "answer",
    PutItem(message, position=1),
    of=student,
    expects=Written(),
    source=NEXT_STEPS,
)

# Who does what, one after the other.

exchange = Journey("exchange", of=student, steps=(ask, answer), source=NEXT_STEPS)

chat = Journey(
    "chat",
    of=session,
    steps=(
        users_conversations,
        Think(1, 3),
        ask,
        Think(2, 6),
        answer,
        Think(4, 20),
        ask,
        Think(2, 6),
        answer,
        session_messages,
    ),
    source=NEXT_STEPS,
)

parents_review = Journey(
    "parents-review",
    of=session,
    steps=(family_oversight, Think(3, 15), session_messages, Think(5, 20), users_session),
    source=ACCESS,
)

keepers_review = Journey(
    "keepers-review",
    of=session,
    steps=(animal_interactions, Think(5, 20), session_messages, Think(2, 10), one_message),
    source=ACCESS,
)

# In what proportions.

balanced = Mix(
    "balanced",
    {
        users_conversations: 3,
        users_conversations_paged: 1,
        users_session: 2,
        session_messages: 3,
        animal_interactions: 1,
        family_oversight: 1,
        one_message: 2,
        exchange: 3,
    },
    think=Think(0.05, 0.15),
)

read_heavy = Mix(
    "read-heavy",
    {
        users_conversations: 6,
        users_conversations_paged: 2,
        users_session: 4,
        session_messages: 6,
        animal_interactions: 2,
        family_oversight: 2,
        one_message: 6,
        exchange: 1,
    },
    think=Think(0.05, 0.15),
)

write_heavy = Mix(
    "write-heavy",
    {session_messages: 2, one_message: 1, exchange: 6},
    think=Think(0.05, 0.15),
)

visitors = Mix(
    "journeys",
    {chat: 8, parents_review: 2, keepers_review: 1},
    think=Think(1, 5),
)
