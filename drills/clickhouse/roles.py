"""Roles and their grants, kept beside the data, and the engine's `users.xml` made of them.

The engine in this process has no storage for roles that SQL can write to: it parses and checks
CREATE ROLE or GRANT as any server does, and then refuses to keep it. So the front keeps it instead,
in `roles.json` of the data folder, and starts the engine again with it. Grants are then the engine's
own: what a role may not do, the engine refuses. A start takes some 50 ms, so a row of grants waits for
the statement that needs them.

A connection of the engine always acts as `default`, who holds every role there is. For a request,
`SET ROLE` leaves the one of its user; `users.py` says which that is.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from xml.sax.saxutils import escape

import errors
from statement import Statement, Token, name

# The role with all rights; it is not in the file.
EVERYTHING = "everything"

# The name of an element of `users.xml`.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

Grants = dict[str, list[str]]


class Roles:
    def __init__(self, file: Path):
        self._file = file
        self.grants: Grants = json.loads(file.read_text()) if file.exists() else {}

    def save(self, grants: Grants) -> None:
        """In one go: a process that is killed leaves the old file or the new one."""
        part = self._file.with_suffix(".part")
        with open(part, "w") as file:
            json.dump(grants, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self._file)
        self.grants = grants

    def changed(self, statement: Statement, users: list[str]) -> Grants:
        """The roles after a statement that the engine has checked and can't keep."""
        grants = {role: list(queries) for role, queries in self.grants.items()}
        words = [token.word for token in statement.tokens]
        if words[:2] == [b"CREATE", b"ROLE"]:
            _create(grants, statement.tokens[2:], users)
        elif words[:2] == [b"DROP", b"ROLE"]:
            for role in _names(statement.tokens[2:], (b"IF", b"EXISTS")):
                if role in users or role == EVERYTHING:
                    raise errors.error(errors.ACCESS_STORAGE_READONLY, f"`{role}` is not a role that SQL has made")
                grants.pop(role, None)
                grants = {
                    other: [query for query in held if query != f"GRANT {role}"] for other, held in grants.items()
                }
        elif words[0] in (b"GRANT", b"REVOKE"):
            query, grantees = _grant(statement)
            for role in grantees:
                if role == EVERYTHING:
                    raise errors.error(errors.ACCESS_STORAGE_READONLY, f"`{role}` has all grants already")
                queries = grants.setdefault(role, [])
                if query not in queries:
                    queries.append(query)
        return grants


def changes_roles(statement: Statement) -> bool:
    words = [token.word for token in statement.tokens[:2]]
    return words[:1] in ([b"GRANT"], [b"REVOKE"]) or words in ([b"CREATE", b"ROLE"], [b"DROP", b"ROLE"])


def can_wait(statement: Statement, running: Grants, kept: Grants) -> bool:
    """Whether the engine can check this statement, and surely start with it, before it knows of all the
    others that are kept."""
    words = {token.word for token in statement.tokens if token.depth == 0}
    if b"CLUSTER" in words or b"CURRENT" in words:
        return False
    if [token.word for token in statement.tokens[:2]] == [b"CREATE", b"ROLE"]:
        return True
    # A grant of privileges, to roles that the engine knows.
    return statement.kind == "GRANT" and b"ON" in words and running.keys() == kept.keys()


def users_xml(grants: Grants) -> str:
    roles = {EVERYTHING: ["GRANT ALL ON *.* WITH GRANT OPTION"], **grants}
    elements = "".join(
        f"<{role}><grants>{''.join(f'<query>{escape(query)}</query>' for query in queries)}</grants></{role}>\n"
        for role, queries in roles.items()
    )
    return f"""<clickhouse>
<profiles><default/></profiles>
<quotas><default/></quotas>
<roles>
{elements}</roles>
<users><default>
<password></password>
<networks><ip>::/0</ip></networks>
<profile>default</profile>
<quota>default</quota>
<grants><query>GRANT {", ".join(roles)}</query></grants>
</default></users>
</clickhouse>
"""


def check_name(role: str) -> str:
    if not _NAME.match(role):
        raise errors.error(
            errors.BAD_ARGUMENTS, f"`{role}`: a role's or user's name is made of letters, digits and '_' here"
        )
    return role


def _create(grants: Grants, tokens: list[Token], users: list[str]) -> None:
    if_absent = tokens[0].word == b"IF"
    for role in _names(tokens, (b"IF", b"NOT", b"EXISTS")):
        known = role in grants or role in users or role == EVERYTHING
        if known and not if_absent:
            raise errors.error(errors.ACCESS_ENTITY_ALREADY_EXISTS, f"role `{role}` already exists in `roles.json`")
        if not known:
            grants[check_name(role)] = []


def _names(tokens: list[Token], skipped: tuple[bytes, ...]) -> list[str]:
    while tokens and tokens[0].word in skipped:
        tokens = tokens[1:]
    return [name(token) for token in tokens if token.kind in ("word", "quoted")]


def _grant(statement: Statement) -> tuple[str, list[str]]:
    """`GRANT … TO a, b WITH GRANT OPTION` as `users.xml` has it, without `TO a, b`; and a and b."""
    border = b"TO" if statement.tokens[0].word == b"GRANT" else b"FROM"
    source, tokens = statement.text.encode(), statement.tokens
    at = max(number for number, token in enumerate(tokens) if token.word == border and token.depth == 0)
    rest = tokens[at + 1 :]
    options = next((number for number, token in enumerate(rest) if token.word == b"WITH"), len(rest))
    query = source[tokens[0].start : tokens[at].start].decode().strip()
    if options < len(rest):
        query = f"{query} {source[rest[options].start :].decode().strip()}"
    return " ".join(query.split()), _names(rest[:options], ())
