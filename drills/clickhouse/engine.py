"""The engine: one chDB in this process, on one data folder.

Each request gets a connection of its own, which costs about a millisecond: its database, role,
settings and parameters end with it. Queries run one at a time. Statements that change roles end with
the engine started again; `roles.py` says why.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import errors
import roles
from roles import Roles
from statement import Statement
from users import Users

# Only characters that a path may have in the engine's connection string.
_FORBIDDEN_IN_PATH = "?&%#"

# By which the engine knows itself in a cluster; nothing listens there.
_PORT = 9000


@dataclass
class Ask:
    """One statement and all it is to be run with."""

    statement: Statement
    database: str = ""
    # What the connection acts with.
    roles: list[str] = field(default_factory=lambda: [roles.EVERYTHING])
    readonly: bool = False
    settings: list[tuple[str, str]] = field(default_factory=list)
    parameters: list[tuple[str, str]] = field(default_factory=list)
    # For a result whose statement names none.
    format: str = "TabSeparated"


@dataclass
class Answer:
    body: bytes = b""
    # None where the statement has no result.
    format: str | None = None
    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    elapsed_ns: int = 0


class Engine:
    def __init__(self, folder: Path, users: Users, cluster: str | None = None):
        folder = folder.resolve()
        if any(letter in str(folder) for letter in _FORBIDDEN_IN_PATH):
            raise ValueError(f"{folder}: the engine takes no data folder with any of {_FORBIDDEN_IN_PATH}")
        folder.mkdir(parents=True, exist_ok=True)
        self._users = users
        self._roles = Roles(folder / "roles.json")
        self._users_xml = folder / "users.xml"
        config = folder / "config.xml"
        config.write_text(
            f"<clickhouse><user_directories><users_xml><path>{self._users_xml}</path></users_xml></user_directories>"
            f"{_cluster_xml(cluster) if cluster else ''}</clickhouse>\n"
        )
        self._place = f"{folder / 'engine'}?config-file={config}"
        self._one_at_a_time = threading.Lock()
        self._keeper = None
        self._open(self._roles.grants)
        self.version = self._constant("version()")
        self.timezone = self._constant("timezone()")
        self.host = self._constant("hostName()")

    def run(self, ask: Ask) -> Answer:
        with self._one_at_a_time:
            if self._keeper is None:
                raise errors.error(236, "The server is stopping", "ABORTED")
            if not self._can_wait(ask.statement):
                self._open_again(self._roles.grants)
            connection = self._connect()
            try:
                self._prepare(connection, ask)
                return _run(connection, ask)
            except errors.ClickHouseError as refused:
                if not _cannot_keep(refused) or not roles.changes_roles(ask.statement):
                    raise
            finally:
                connection.close()
            return self._change_roles(ask.statement)

    def code_name(self, code: int) -> str:
        return self._constant(f"errorCodeToName({code})")

    def close(self, patience_s: float) -> bool:
        """False if a query is still running after that long."""
        if not self._one_at_a_time.acquire(timeout=patience_s):
            return False
        try:
            self._close()
        finally:
            self._one_at_a_time.release()
        return True

    def _open(self, grants: roles.Grants) -> None:
        self._users_xml.write_text(roles.users_xml(self._users.grants(grants)))
        self._running = grants
        # As long as one connection is open, so is the engine.
        self._keeper = self._connect()

    def _close(self) -> None:
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None

    def _connect(self):
        # Imported late: it takes the engine's time, which `--help` need not.
        from chdb import session

        return session.Session(self._place)

    def _constant(self, expression: str) -> str:
        with self._one_at_a_time:
            return self._keeper.query(f"SELECT {expression}", "TabSeparatedRaw").bytes().decode().rstrip("\n")

    def _prepare(self, connection, ask: Ask) -> None:
        """What a server does with a request's parameters, and in its order."""
        if ask.database:
            _command(connection, f"USE {_identifier(ask.database)}")
        _command(connection, f"SET ROLE {', '.join(_identifier(role) for role in ask.roles)}")
        if ask.readonly:
            # Settings can still be changed, but not this one.
            _command(connection, "SET readonly = 2")
        for setting, value in ask.settings:
            _command(connection, f"SET {_identifier(setting)} = {_literal(value)}")
        for parameter, value in ask.parameters:
            _command(connection, f"SET {_identifier('param_' + parameter)} = {_literal(value)}")

    def _can_wait(self, statement: Statement) -> bool:
        kept = self._roles.grants
        return kept == self._running or roles.can_wait(statement, self._running, kept)

    def _change_roles(self, statement: Statement) -> Answer:
        before = self._roles.grants
        after = self._roles.changed(statement, self._users.names)
        if after == before:
            return Answer()
        if not roles.can_wait(statement, self._running, before):
            try:
                self._open_again(after)
            except RuntimeError:
                self._open_again(before)
                raise errors.error(
                    errors.ACCESS_STORAGE_READONLY, f"The engine can't be started with `{statement.text}`"
                ) from None
        self._roles.save(after)
        return Answer()

    def _open_again(self, grants: roles.Grants) -> None:
        self._close()
        self._open(grants)


def _cluster_xml(name: str) -> str:
    """One shard with one replica: the engine itself. It listens on no port, but as the port is given it knows
    that a replica there is none other than it, and calls itself instead."""
    here = f"<host>127.0.0.1</host><port>{_PORT}</port>"
    return (
        f"<tcp_port>{_PORT}</tcp_port><remote_servers><{name}><shard><internal_replication>true</internal_replication>"
        f"<replica>{here}</replica></shard></{name}></remote_servers>"
        f"<macros><cluster>{name}</cluster><shard>01</shard><replica>front</replica></macros>"
    )


def _cannot_keep(refused: errors.ClickHouseError) -> bool:
    return refused.code in (errors.ACCESS_STORAGE_READONLY, errors.ACCESS_STORAGE_FOR_INSERTION_NOT_FOUND)


def _run(connection, ask: Ask) -> Answer:
    begin = time.monotonic_ns()
    statement = ask.statement
    if statement.data is None:
        result = _query(connection, statement.text, ask.format)
        answer = Answer(
            body=result.bytes() if statement.reads or result.size() else b"",
            format=(statement.format or ask.format) if statement.reads else None,
            read_rows=result.storage_rows_read(),
            read_bytes=result.storage_bytes_read(),
            written_rows=result.rows_written(),
            written_bytes=result.bytes_written(),
        )
    else:
        written = _insert(connection, statement)
        answer = Answer(written_rows=written.rows_written, written_bytes=written.bytes_written)
    answer.elapsed_ns = time.monotonic_ns() - begin
    return answer


def _insert(connection, statement: Statement):
    try:
        with connection.send_insert(statement.text, statement.format) as insert:
            if statement.data:
                insert.append(statement.data)
            return insert.finish()
    except RuntimeError as raised:
        raise errors.from_engine(raised) from None


def _query(connection, text: str, format_name: str):
    from chdb import ChdbError

    try:
        return connection.query(text, format_name)
    except (ChdbError, RuntimeError) as raised:
        raise errors.from_engine(raised) from None


def _command(connection, text: str) -> None:
    _query(connection, text, "Null")


def _identifier(text: str) -> str:
    return "`" + text.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
