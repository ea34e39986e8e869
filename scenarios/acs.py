"""ACS: what an e-mail assistant asks of its thirteen tables."""

from collections.abc import Mapping

from fixtures.acs import DOCUMENT, month, organization, talk, user
from loadstone import Journey, Mix, Pattern, Think, Touched
from scenarios._acs_accounts import (
    active_sessions,
    activity_of_user,
    ai_limits,
    ai_limits_by_index,
    aws_limits,
    aws_limits_by_index,
    count_ai_request,
    count_aws_request,
    expire_session,
    invocation_by_id,
    invocation_by_id_index,
    invocations_of_account,
    open_session,
    record_answer,
    record_invocation,
    record_login,
    renew_ai_window,
    renew_aws_window,
    session_by_id,
    touch_session,
    user_by_email,
    user_by_id,
    user_by_id_index,
    user_by_own_address,
)
from scenarios._acs_mail import (
    bump_thread,
    conversations_of_account,
    ev_data,
    ev_data_by_index,
    first_emails_of_account,
    first_message,
    follow_ups_of_account,
    llm_data,
    llm_data_by_index,
    llm_data_of_month,
    message_by_message_id,
    message_by_response_id,
    messages_by_index,
    messages_of_conversation,
    new_report,
    one_message,
    open_thread,
    report_by_id,
    report_by_index,
    store_ev_data,
    store_llm_data,
    store_message,
    thread_by_index,
    thread_of_conversation,
    threads_of_account,
    write_report,
)
from scenarios._acs_organizations import (
    accept_invite,
    add_member,
    add_user,
    check_token,
    create_invite,
    invite_by_token,
    invites_by_email,
    invites_of_organization,
    members_of_organization,
    one_invite,
    one_member,
    organization_by_id,
    organizations_of_user,
)

COMMON = f"{DOCUMENT}: Common Queries"

# A run writes to a tenth of the organizations; the others' answers are checked to the last row.
touched = Touched(organization, share=0.1)

# Who does what, one after the other.

sign_in = Journey(
    "sign-in",
    of=user,
    steps=(user_by_email, Think(1, 4), open_session, count_aws_request, record_login),
    source=COMMON,
)

inbox = Journey(
    "inbox",
    of=user,
    steps=(threads_of_account, Think(2, 10), messages_of_conversation),
    source=COMMON,
)

# A model takes some seconds to write.
reply = Journey(
    "reply",
    of=talk,
    steps=(
        ai_limits,
        count_ai_request,
        store_message,
        bump_thread,
        Think(1, 4),
        store_llm_data,
        store_ev_data,
        record_answer,
    ),
    source=f"{DOCUMENT}: 2. Conversations Table",
)

join = Journey(
    "organization",
    of=organization,
    steps=(
        organization_by_id,
        members_of_organization,
        Think(5, 20),
        create_invite,
        Think(5, 20),
        check_token,
        Think(2, 10),
        accept_invite,
        add_user,
        add_member,
    ),
    source=f"{DOCUMENT}: 6. OrganizationInvites Table",
)

monthly = Journey(
    "report",
    of=month,
    steps=(threads_of_account, llm_data_of_month, write_report, Think(1, 5), new_report),
    source=f"{DOCUMENT}: 12. LLMReportData Table",
)

# A window lasts an hour: the first request after it opens the next.
renewal = Journey(
    "limits-renewed",
    of=user,
    steps=(ai_limits, renew_ai_window, aws_limits, renew_aws_window),
    source=f"{DOCUMENT}: 8. RL_AI Table (Rate Limiting - AI)",
)

# What belongs together is written together in the other mixes as well, and without a pause.

new_mail = Journey(
    "new-mail",
    of=month,
    steps=(first_message, open_thread),
    source=f"{DOCUMENT}: 3. Threads Table",
)

answered_mail = Journey(
    "answered-mail",
    of=talk,
    steps=(store_message, bump_thread, store_llm_data, store_ev_data),
    source=f"{DOCUMENT}: 3. Threads Table",
)

visit = Journey(
    "visit",
    of=user,
    steps=(open_session, expire_session),
    source=f"{DOCUMENT}: 7. Sessions Table",
)

welcome = Journey(
    "welcome",
    of=organization,
    steps=(create_invite, check_token, accept_invite, add_user, add_member),
    source=f"{DOCUMENT}: 6. OrganizationInvites Table",
)

# In what proportions. The document gives no rates. It calls its keys "optimized for most common
# access patterns" and lists three queries as common that its schema can serve: those weigh most;
# then what every call to the assistant needs, its session and its limits; an index that repeats
# its table's own key weighs least.

READS: Mapping[Pattern | Journey, float] = {
    user_by_email: 8,
    messages_of_conversation: 12,
    conversations_of_account: 8,
    threads_of_account: 6,
    session_by_id: 6,
    ai_limits: 4,
    aws_limits: 4,
    thread_of_conversation: 5,
    one_message: 3,
    ev_data: 3,
    llm_data: 3,
    user_by_id: 3,
    organization_by_id: 2,
    members_of_organization: 2,
    organizations_of_user: 2,
    first_emails_of_account: 2,
    follow_ups_of_account: 1,
    message_by_message_id: 2,
    message_by_response_id: 1,
    activity_of_user: 1,
    invocations_of_account: 1,
    invocation_by_id: 1,
    llm_data_of_month: 1,
    report_by_id: 1,
    one_member: 1,
    one_invite: 1,
    invites_of_organization: 1,
    invites_by_email: 1,
    invite_by_token: 1,
    user_by_id_index: 0.5,
    messages_by_index: 0.5,
    thread_by_index: 0.5,
    ai_limits_by_index: 0.5,
    aws_limits_by_index: 0.5,
    ev_data_by_index: 0.5,
    llm_data_by_index: 0.5,
    report_by_index: 0.5,
    invocation_by_id_index: 0.5,
}

# Requests to AWS and to a model are counted as often as in the document's examples, 950 and 150 an
# hour; each function that runs is recorded; two in three mails are answers to what there is, as in
# the data. Reports are monthly, and people join less often than they write.
WRITES: Mapping[Pattern | Journey, float] = {
    count_aws_request: 9.5,
    count_ai_request: 1.5,
    record_invocation: 8,
    touch_session: 6,
    answered_mail: 2,
    new_mail: 1,
    visit: 1,
    renewal: 0.5,
    create_invite: 0.2,
    welcome: 0.1,
    write_report: 0.2,
}


def mixed(*, reads: float, writes: float) -> Mapping[Pattern | Journey, float]:
    """So many reads to so many writes; a journey counts as often as it has steps."""
    found: dict[Pattern | Journey, float] = {}
    for weights, share in ((READS, reads), (WRITES, writes)):
        steps = sum(
            weight * (len(entry.patterns) if isinstance(entry, Journey) else 1)
            for entry, weight in weights.items()
        )
        found.update({entry: weight * share / steps for entry, weight in weights.items()})
    return found


balanced = Mix("balanced", mixed(reads=5, writes=5), think=Think(0.05, 0.15))

read_heavy = Mix("read-heavy", mixed(reads=9, writes=1), think=Think(0.05, 0.15))

write_heavy = Mix("write-heavy", mixed(reads=2, writes=8), think=Think(0.05, 0.15))

# Somebody signs in, looks into the inbox several times, and has some mails answered meanwhile; now
# and then an hour is over, somebody joins, and a month has its report.
people = Mix(
    "journeys",
    {sign_in: 10, inbox: 30, reply: 15, new_mail: 8, renewal: 3, join: 1, monthly: 1},
    think=Think(1, 5),
)

# What the schema cannot serve, at the price of reading whole tables.
unserved = Mix(
    "unserved",
    {active_sessions: 1, user_by_own_address: 1},
    think=Think(1, 5),
    scans=True,
)
