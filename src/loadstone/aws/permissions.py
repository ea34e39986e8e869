"""What each command may have to do in an account, and of which tables and indexes. Pure.

"Actions, resources, and condition keys for Amazon DynamoDB" says what an action is about. A
transaction is allowed by the actions of its parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from loadstone.aws.policy import Allowed
from loadstone.errors import BadValue, UnknownName
from loadstone.pattern import (
    BatchGetItem,
    BatchWriteItem,
    ConditionCheck,
    Pattern,
    Query,
    Scan,
    parts_of,
)
from loadstone.table import Table

ANYTHING = "*"
SETTINGS = (
    *("DescribeTable", "DescribeTimeToLive", "DescribeContinuousBackups"),
    "ListTagsOfResource",
)
#: The key that DynamoDB keeps in every account: who uses the table needs no leave to use it.
OWN_KEY = "alias/aws/dynamodb"
#: "Authorizing use of your customer managed key".
_KEY_USES = (
    *("Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo"),
    *("GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "CreateGrant"),
)
#: "Requesting a table import in DynamoDB".
_LOGS = (
    *("CreateLogGroup", "CreateLogStream", "DescribeLogGroups", "DescribeLogStreams"),
    *("PutLogEvents", "PutRetentionPolicy"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a command is about. `names` are those in the account; `bucket` may have a prefix."""

    region: str
    account: str = ANYTHING
    tables: Sequence[Table] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    patterns: Sequence[Pattern] = ()
    bucket: str | None = None

    @property
    def partition(self) -> str:
        """Which of AWS's clouds the region is in."""
        kinds = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
        return next((kinds[each] for each in kinds if self.region.startswith(each)), "aws")

    def table(self, name: str) -> str:
        return self._arn("dynamodb", f"table/{self.names[name]}")

    def index(self, table: str, index: str) -> str:
        return f"{self.table(table)}/index/{index}"

    def key(self, name: str) -> str:
        """An alias is a name of a key, and not what leave is given for: see `_keys`."""
        if name.startswith("arn:"):
            return name
        return self._arn("kms", f"key/{ANYTHING if name.startswith('alias/') else name}")

    def logs(self) -> str:
        return self._arn("logs", "log-group:/aws-dynamodb/*")

    def bucket_arns(self) -> tuple[str, str]:
        """The bucket, and what is in it under the prefix."""
        if self.bucket is None:
            raise BadValue("files are in S3: pass --bucket NAME, or NAME/PREFIX")
        bucket, _, prefix = self.bucket.removeprefix("s3://").strip("/").partition("/")
        own = f"arn:{self.partition}:s3:::{bucket}"
        return own, f"{own}/{prefix}/*" if prefix else f"{own}/*"

    def _arn(self, service: str, what: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{what}"


def needs(command: str, scope: Scope) -> list[Allowed]:
    """What a command needs in an account; nothing where it stays on this machine."""
    if command not in NEEDS:
        raise UnknownName.among("command", command, list(NEEDS))
    return list(dict.fromkeys(NEEDS[command](scope)))


def _nothing(scope: Scope) -> Iterator[Allowed]:
    return iter(())


def _finding(scope: Scope) -> Iterator[Allowed]:
    """The target is asked whether it is a DynamoDB, and each table what it is."""
    yield Allowed("dynamodb:ListTables", ANYTHING)
    yield from _on_tables(scope, SETTINGS)


def _changing(scope: Scope) -> Iterator[Allowed]:
    """Before a change, the account is asked whether it is called production."""
    yield from _finding(scope)
    yield Allowed("iam:ListAccountAliases", ANYTHING)
    yield from _keys_in_use(scope, ("Decrypt", "DescribeKey"))


def _verifying_tables(scope: Scope) -> Iterator[Allowed]:
    yield from _finding(scope)
    yield from _keys(scope)


def _creating_tables(scope: Scope) -> Iterator[Allowed]:
    yield from _changing(scope)
    yield from _keys(scope)
    yield from _keys_in_use(scope, _KEY_USES)
    yield from _on_tables(scope, ("CreateTable", "TagResource", "UpdateTable"))
    for table in scope.tables:
        if table.ttl:
            yield Allowed("dynamodb:UpdateTimeToLive", scope.table(table.name))
        if table.pitr_days:
            yield Allowed("dynamodb:UpdateContinuousBackups", scope.table(table.name))


def _dropping_tables(scope: Scope) -> Iterator[Allowed]:
    yield from _changing(scope)
    yield from _on_tables(scope, ("DeleteTable",))
    protected = [table.name for table in scope.tables if table.deletion_protection]
    yield from (Allowed("dynamodb:UpdateTable", scope.table(name)) for name in protected)


def _seeding(scope: Scope) -> Iterator[Allowed]:
    """What a batch refuses as a whole is sent one by one."""
    yield from _changing(scope)
    yield from _on_tables(scope, ("BatchWriteItem", "PutItem", "TagResource"))


def _verifying(scope: Scope) -> Iterator[Allowed]:
    """Counted are indexes too."""
    yield from _verifying_tables(scope)
    yield from _on_tables(scope, ("BatchGetItem", "Scan"))
    for table in scope.tables:
        for index in table.indexes:
            yield Allowed("dynamodb:Scan", scope.index(table.name, index.name))


def _unseeding(scope: Scope) -> Iterator[Allowed]:
    yield from _changing(scope)
    yield from _on_tables(scope, ("BatchWriteItem", "DeleteItem", "UntagResource"))


def _running(scope: Scope) -> Iterator[Allowed]:
    yield from _changing(scope)
    for pattern in scope.patterns:
        yield from _asking(pattern, scope)


def _asking(pattern: Pattern, scope: Scope) -> Iterator[Allowed]:
    """What one pattern sends: to an index where it reads one."""
    operation = pattern.operation
    match operation:
        case Query() | Scan():
            table = pattern.table.name
            place = scope.index(table, pattern.index) if pattern.index else scope.table(table)
            yield Allowed(f"dynamodb:{type(operation).__name__}", place)
        case BatchGetItem() | BatchWriteItem():
            for name in _tables_of(pattern):
                yield Allowed(f"dynamodb:{type(operation).__name__}", scope.table(name))
        case _:
            for part in parts_of(operation):
                check = isinstance(part, ConditionCheck)
                action = "ConditionCheckItem" if check else type(part).__name__
                yield Allowed(f"dynamodb:{action}", scope.table(part.table.name))


def _tables_of(pattern: Pattern) -> Iterable[str]:
    return dict.fromkeys(
        [pattern.table.name, *(part.table.name for part in parts_of(pattern.operation))]
    )


def _up(scope: Scope) -> Iterator[Allowed]:
    yield from _creating_tables(scope)
    yield from _seeding(scope)
    yield from _verifying(scope)


def _exporting(scope: Scope) -> Iterator[Allowed]:
    bucket, files = scope.bucket_arns()
    for action in ("GetObject", "PutObject", "AbortMultipartUpload"):
        yield Allowed(f"s3:{action}", files)
    for action in ("ListBucket", "ListBucketMultipartUploads"):
        yield Allowed(f"s3:{action}", bucket)


def _importing(scope: Scope) -> Iterator[Allowed]:
    """DynamoDB reads the bucket, and writes its log, as whoever asked for the import."""
    bucket, files = scope.bucket_arns()
    yield from _creating_tables(scope)
    yield Allowed("dynamodb:ListImports", ANYTHING)
    for table in scope.tables:
        yield Allowed("dynamodb:ImportTable", scope.table(table.name))
        yield Allowed("dynamodb:DescribeImport", f"{scope.table(table.name)}/import/*")
    yield Allowed("s3:ListBucket", bucket)
    yield Allowed("s3:GetObject", files)
    yield from (Allowed(f"logs:{action}", scope.logs()) for action in _LOGS)


def _drafting(scope: Scope) -> Iterator[Allowed]:
    yield from _finding(scope)
    yield from _on_tables(scope, ("Scan",))


def _reconciling(scope: Scope) -> Iterator[Allowed]:
    yield Allowed("cloudwatch:GetMetricData", ANYTHING)


def _planning(scope: Scope) -> Iterator[Allowed]:
    """For `--cloudwatch`: any other plan asks AWS nothing."""
    yield from _on_tables(scope, ("DescribeTable",))
    yield Allowed("cloudwatch:GetMetricData", ANYTHING)


def _examining(scope: Scope) -> Iterator[Allowed]:
    yield Allowed("dynamodb:ListTables", ANYTHING)
    yield Allowed("iam:SimulatePrincipalPolicy", ANYTHING)


def _pricing(scope: Scope) -> Iterator[Allowed]:
    yield Allowed("pricing:GetProducts", ANYTHING)


def _on_tables(scope: Scope, actions: Sequence[str]) -> Iterator[Allowed]:
    for table in scope.tables:
        for action in actions:
            yield Allowed(f"dynamodb:{action}", scope.table(table.name))


def _keys(scope: Scope) -> Iterator[Allowed]:
    """Which key a documented name means is asked of KMS."""
    for name in _key_names(scope):
        named = ("StringEquals", "kms:RequestAlias", name) if name.startswith("alias/") else None
        yield Allowed("kms:DescribeKey", scope.key(name), named)


def _keys_in_use(scope: Scope, actions: Sequence[str]) -> Iterator[Allowed]:
    """Through DynamoDB alone, and only keys that are the account's own."""
    domain = "amazonaws.com.cn" if scope.partition == "aws-cn" else "amazonaws.com"
    through = ("StringEquals", "kms:ViaService", f"dynamodb.{scope.region}.{domain}")
    for name in _key_names(scope):
        if name != OWN_KEY:
            for action in actions:
                yield Allowed(f"kms:{action}", scope.key(name), through)


def _key_names(scope: Scope) -> Iterable[str]:
    return dict.fromkeys(table.kms_key for table in scope.tables if table.kms_key)


Needing = Callable[[Scope], Iterator[Allowed]]

#: Every command, so that none is forgotten: a test holds this against the command line.
NEEDS: Mapping[str, Needing] = {
    "check": _nothing,
    "compare": _nothing,
    "completion": _nothing,
    "demo": _nothing,
    "doctor": _examining,
    "export": _exporting,
    "import": _importing,
    "local": _nothing,
    "locustfile": _nothing,
    "new": _drafting,
    "permissions": _nothing,
    "plan": _planning,
    "preview": _nothing,
    "prices": _nothing,
    "prices update": _pricing,
    "reconcile": _reconciling,
    "report": _nothing,
    "run": _running,
    "runs": _nothing,
    "runs prune": _nothing,
    "runs rename": _nothing,
    "seed": _seeding,
    "size": _nothing,
    "systems": _nothing,
    "tables create": _creating_tables,
    "tables drop": _dropping_tables,
    "tables show": _nothing,
    "tables verify": _verifying_tables,
    "unseed": _unseeding,
    "up": _up,
    "verify": _verifying,
}
