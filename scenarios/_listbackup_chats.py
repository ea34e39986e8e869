"""ListBackup, chats: conversations, their history, and what is appended; in both designs.

An exchange takes the next two numbers of its conversation, writes the question, and then the
answer: empty at first, and whole when the assistant has streamed it.
"""

from typing import Any

from fixtures.listbackup import (
    DOCUMENT,
    account,
    chat,
    conversation,
    conversations,
    message,
    messages,
    turn,
    v2,
    v2_conversation,
    v2_message,
)
from loadstone import (
    Every,
    Expr,
    Journey,
    Pattern,
    PutItem,
    Query,
    Think,
    UpdateItem,
    Written,
    answered,
    begins_with,
    increased,
    iso,
    missing,
    now,
    text,
    wrote,
)

ACCESS = f"{DOCUMENT}: Current Access Patterns"
SINGLE_TABLE = f"{DOCUMENT}: Single Table Design Considerations"
PAGING = f"{DOCUMENT}: Read Optimization"
CONDITIONAL = f"{DOCUMENT}: Write Optimization"

PAGE = 10
PAGES = 5  # that somebody scrolls back at most

in_v2 = text("CONVERSATION#{id}", id=chat["conversationId"])

conversations_of_account = Pattern(
    "conversations-of-account",
    Query(
        conversations,
        key={"accountId": account["accountId"]},
        newest_first=True,
        limit=20,
    ),
    of=account,
    expects=Every(conversation),
    source=ACCESS,
)
v2_conversations_of_account = Pattern(
    "v2-conversations-of-account",
    Query(
        v2,
        index="GSI1",
        key={
            "GSI1PK": text("ACCOUNT#{id}", id=account["accountId"]),
            "GSI1SK": begins_with("CONVERSATION#"),
        },
        newest_first=True,
        limit=20,
    ),
    of=account,
    expects=Every(v2_conversation),
    source=f"{DOCUMENT}: DynamoDB Optimization",
)

conversation_history = Pattern(
    "conversation-history",
    Query(
        messages,
        key={"conversationId": chat["conversationId"]},
        newest_first=True,
        limit=PAGE,
        pages=PAGES,
    ),
    of=chat,
    expects=Every(message),
    source=PAGING,
)
v2_conversation_history = Pattern(
    "v2-conversation-history",
    Query(
        v2,
        key={"PK": in_v2, "SK": begins_with("MESSAGE#")},
        newest_first=True,
        limit=PAGE,
        pages=PAGES,
    ),
    of=chat,
    expects=Every(v2_message),
    source=SINGLE_TABLE,
)

TWO_MORE: dict[str, Any] = {
    "messageCount": increased(by=2),
    "lastMessageAt": iso(now),
    "updatedAt": iso(now),
}

number_messages = Pattern(
    "number-messages",
    UpdateItem(conversation, set=TWO_MORE, returns="UPDATED_NEW"),
    of=chat,
    expects=Written(),
    source=CONDITIONAL,
)
v2_number_messages = Pattern(
    "v2-number-messages",
    UpdateItem(v2_conversation, set=TWO_MORE, returns="UPDATED_NEW"),
    of=chat,
    expects=Written(),
    source=CONDITIONAL,
)


def numbered(counted: Pattern, back: int) -> Expr:
    """A message's number: of those that its conversation has counted, so many before the last."""
    return text("{n:06}", n=answered(counted, "messageCount") - back)


def numbered_in_v2(counted: Pattern, back: int) -> dict[str, Expr]:
    number = numbered(counted, back)
    return {"SK": text("MESSAGE#{n}", n=number), "messageId": number}


append_question = Pattern(
    "append-question",
    PutItem(
        message,
        values={"messageId": numbered(number_messages, 1)},
        condition={"messageId": missing()},
    ),
    of=turn,
    expects=Written(unless="number taken"),
    source=CONDITIONAL,
)
v2_append_question = Pattern(
    "v2-append-question",
    PutItem(
        v2_message,
        values=numbered_in_v2(v2_number_messages, 1),
        condition={"SK": missing()},
    ),
    of=turn,
    expects=Written(unless="number taken"),
    source=CONDITIONAL,
)

append_answer = Pattern(
    "append-answer",
    PutItem(
        message,
        position=1,
        values={"messageId": numbered(number_messages, 0), "content": "", "tokens": 0},
        condition={"messageId": missing()},
    ),
    of=turn,
    expects=Written(unless="number taken"),
    source=CONDITIONAL,
)
v2_append_answer = Pattern(
    "v2-append-answer",
    PutItem(
        v2_message,
        position=1,
        values={**numbered_in_v2(v2_number_messages, 0), "content": "", "tokens": 0},
        condition={"SK": missing()},
    ),
    of=turn,
    expects=Written(unless="number taken"),
    source=CONDITIONAL,
)

STREAMED: dict[str, Any] = {
    "content": turn["answer"],
    "tokens": turn["answered"],
    "updatedAt": iso(now),
}

complete_answer = Pattern(
    "complete-answer",
    UpdateItem(
        message,
        key={
            "conversationId": wrote(append_answer, "conversationId"),
            "messageId": wrote(append_answer, "messageId"),
        },
        set=STREAMED,
    ),
    of=turn,
    expects=Written(),
    source=ACCESS,
)
v2_complete_answer = Pattern(
    "v2-complete-answer",
    UpdateItem(
        v2_message,
        key={"PK": wrote(v2_append_answer, "PK"), "SK": wrote(v2_append_answer, "SK")},
        set=STREAMED,
    ),
    of=turn,
    expects=Written(),
    source=SINGLE_TABLE,
)

exchange = Journey(
    "exchange",
    of=turn,
    steps=(number_messages, append_question, append_answer, complete_answer),
    source=ACCESS,
)
v2_exchange = Journey(
    "v2-exchange",
    of=turn,
    steps=(v2_number_messages, v2_append_question, v2_append_answer, v2_complete_answer),
    source=SINGLE_TABLE,
)

READING, ANSWERING, STREAMING = Think(3, 15), Think(1, 3), Think(2, 8)

chatting = Journey(
    "chat",
    of=turn,
    steps=(
        conversations_of_account,
        Think(1, 4),
        conversation_history,
        READING,
        number_messages,
        append_question,
        ANSWERING,
        append_answer,
        STREAMING,
        complete_answer,
        READING,
        number_messages,
        append_question,
        ANSWERING,
        append_answer,
        STREAMING,
        complete_answer,
        conversation_history,
    ),
    source=ACCESS,
)
v2_chatting = Journey(
    "v2-chat",
    of=turn,
    steps=(
        v2_conversations_of_account,
        Think(1, 4),
        v2_conversation_history,
        READING,
        v2_number_messages,
        v2_append_question,
        ANSWERING,
        v2_append_answer,
        STREAMING,
        v2_complete_answer,
        READING,
        v2_number_messages,
        v2_append_question,
        ANSWERING,
        v2_append_answer,
        STREAMING,
        v2_complete_answer,
        v2_conversation_history,
    ),
    source=SINGLE_TABLE,
)
