"""ListBackup, user management: who somebody is, and which accounts are theirs; in both designs."""

from fixtures.listbackup import (
    DOCUMENT,
    account,
    accounts,
    user,
    users,
    v2,
    v2_account,
    v2_user,
    v2_user_account,
)
from loadstone import Every, Exactly, GetItem, Pattern, Query, begins_with, text

ACCESS = f"{DOCUMENT}: Current Access Patterns"
SINGLE_TABLE = f"{DOCUMENT}: Single Table Design Considerations"
ALTERNATE = f"{DOCUMENT}: DynamoDB Optimization"

user_by_id = Pattern(
    "user-by-id",
    GetItem(user),
    of=user,
    expects=Exactly(),
    source=ACCESS,
)
v2_user_by_id = Pattern(
    "v2-user-by-id",
    GetItem(v2_user),
    of=user,
    expects=Exactly(),
    source=SINGLE_TABLE,
)

# How somebody who comes back from signing in elsewhere (OAuth) is found.
user_by_email = Pattern(
    "user-by-email",
    Query(users, index="email-index", key={"email": user["email"]}),
    of=user,
    expects=Exactly(),
    source=ACCESS,
)
v2_user_by_email = Pattern(
    "v2-user-by-email",
    Query(
        v2,
        index="GSI1",
        key={"GSI1PK": text("EMAIL#{email}", email=user["email"]), "GSI1SK": "USER"},
    ),
    of=user,
    expects=Every(v2_user),
    source=ALTERNATE,
)

accounts_of_user = Pattern(
    "accounts-of-user",
    Query(accounts, index="userId-index", key={"userId": user["userId"]}),
    of=user,
    expects=Every(account),
    source=ACCESS,
)
v2_accounts_of_user = Pattern(
    "v2-accounts-of-user",
    Query(
        v2,
        key={"PK": text("USER#{id}", id=user["userId"]), "SK": begins_with("ACCOUNT#")},
    ),
    of=user,
    expects=Every(v2_user_account),
    source=SINGLE_TABLE,
)

account_settings = Pattern(
    "account-settings",
    GetItem(account),
    of=account,
    expects=Exactly(),
    source=f"{DOCUMENT}: Core Tables",
)
v2_account_settings = Pattern(
    "v2-account-settings",
    GetItem(v2_account),
    of=account,
    expects=Exactly(),
    source=SINGLE_TABLE,
)
