"""The three calls that benchmarks/load.py measures, each as a mix of its own."""

from fixtures.bench import DOCUMENT, draft, items, message, note, owner, writer

from loadstone import (
    Every,
    Exactly,
    GetItem,
    Mix,
    Pattern,
    PutItem,
    Query,
    Think,
    Touched,
    Written,
)

SOURCE = f"{DOCUMENT}: benchmarks/load.py"

touched = Touched(writer, share=1.0)

get_note = Pattern("get-note", GetItem(note), of=note, expects=Exactly(), source=SOURCE)
put_draft = Pattern("put-draft", PutItem(draft), of=writer, expects=Written(), source=SOURCE)
query_messages = Pattern(
    "query-messages",
    Query(items, key={"pk": owner["id"]}),
    of=owner,
    expects=Every(message),
    source=SOURCE,
)

get = Mix("get", {get_note: 1}, think=Think(0, 0))
put = Mix("put", {put_draft: 1}, think=Think(0, 0))
query = Mix("query", {query_messages: 1}, think=Think(0, 0))
