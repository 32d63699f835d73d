"""What a request asks for: its parameters and its body, read as a server reads them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

import compression
import errors
import form
import statement
from engine import Ask

# Parameters that are neither settings nor `param_…`.
_RESERVED = {
    "query", "database", "default_format", "user", "password", "quota_key", "query_id", "role", "stacktrace",
    "compress", "decompress", "buffer_size", "wait_end_of_query", "client_protocol_version",
    "session_id", "session_timeout", "session_check", "close_session",
}  # fmt: skip


class Parameters:
    """Of the URL. A name that comes twice counts the first time, but for roles and settings."""

    def __init__(self, url: str):
        _, _, text = url.partition("?")
        try:
            self.pairs: list[tuple[str, str]] = parse_qsl(text, keep_blank_values=True, errors="strict")
        except ValueError as reason:
            raise errors.error(errors.BAD_ARGUMENTS, f"The URL's parameters can't be read: {reason}") from None
        self.first = dict(reversed(self.pairs))

    def flag(self, name: str, otherwise: bool = False) -> bool:
        value = self.first.get(name, str(otherwise)).lower()
        if value not in ("0", "1", "true", "false"):
            raise errors.error(errors.BAD_ARGUMENTS, f"Cannot parse bool from '{value}' for parameter {name}")
        return value in ("1", "true")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name]


@dataclass
class Wire:
    """How the answer goes back."""

    query_id: str
    # Makes ClickHouse's frames, if those are wanted.
    frames: compression.Frames | None = None
    # The Content-Encoding that the client takes, if any.
    encoding: str | None = None


def query_id(parameters: Parameters, headers: Mapping[str, str]) -> str:
    return parameters.first.get("query_id") or headers.get("X-ClickHouse-Query-Id") or str(uuid.uuid4())


def wire(parameters: Parameters, headers: Mapping[str, str]) -> Wire:
    """Known before the query is read, so that an error in it goes back in the same way."""
    encoding = compression.accepted(headers.get("Accept-Encoding", ""))
    if not parameters.flag("enable_http_compression", otherwise=True):
        encoding = None
    frames = (
        compression.Frames(parameters.first.get("network_compression_method", "ZSTD"))
        if parameters.flag("compress")
        else None
    )
    return Wire(query_id(parameters, headers), frames, encoding)


def ask(
    method: str, parameters: Parameters, headers: Mapping[str, str], body: bytes, roles: list[str], size_max: int
) -> Ask:
    if "session_id" in parameters.first:
        raise errors.error(errors.NOT_IMPLEMENTED, "Sessions are not supported here: each request stands alone")
    body = compression.decoded(body, headers.get("Content-Encoding", ""), size_max)
    if parameters.flag("decompress"):
        body = compression.from_frames(body, size_max)
    query = parameters.first.get("query", "").encode()
    given = parameters.pairs
    content_type = headers.get("Content-Type", "")
    if form.is_form(content_type):
        fields = form.fields(body, content_type)
        query += b"".join(value.encode() for name, value in fields if name == "query")
        # Of a form, only the query and its parameters count.
        given = given + [(name, value) for name, value in fields if name.startswith("param_")]
        source = query
    else:
        source = query + b"\n" + body if query else body
    return Ask(
        statement=statement.parse(source),
        database=headers.get("X-ClickHouse-Database") or parameters.first.get("database", ""),
        roles=roles,
        # As a server has it: only POST may change anything.
        readonly=method != "POST",
        settings=[(name, value) for name, value in given if _is_setting(name)],
        parameters=[(name[len("param_") :], value) for name, value in given if name.startswith("param_")],
        format=headers.get("X-ClickHouse-Format") or parameters.first.get("default_format") or "TabSeparated",
    )


def _is_setting(name: str) -> bool:
    return bool(name) and name not in _RESERVED and not name.startswith("param_")
