"""A multipart form as the body: the query and its parameters, where they are too long for a URL."""

from __future__ import annotations

import re
from email.message import Message

import errors

_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")


def is_form(content_type: str) -> bool:
    return content_type.lower().startswith("multipart/form-data")


def fields(body: bytes, content_type: str) -> list[tuple[str, str]]:
    """Names and values. A part that is a file would be external data for the query."""
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        raise _unreadable("Content-Type names no boundary")
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    if len(parts) < 2 or not parts[-1].startswith(b"--"):
        raise _unreadable("the closing boundary is missing")
    return [_field(part) for part in parts[1:-1]]


def _field(part: bytes) -> tuple[str, str]:
    head, value = b"", b""
    border = _END_OF_HEADERS.search(part)
    if border is not None:
        head, value = part[: border.start()], part[border.end() :]
    message = Message()
    for line in head.decode("utf-8", "replace").splitlines():
        name, colon, text = line.partition(":")
        if colon:
            message[name.strip()] = text.strip()
    name = message.get_param("name", header="Content-Disposition")
    if not isinstance(name, str):
        raise _unreadable("a part has no name")
    if message.get_param("filename", header="Content-Disposition") is not None:
        raise errors.error(errors.NOT_IMPLEMENTED, "External data are not supported here")
    try:
        return name, value.decode()
    except UnicodeDecodeError as reason:
        raise _unreadable(f"{name} is not UTF-8: {reason}") from None


def _unreadable(reason: str) -> errors.ClickHouseError:
    return errors.error(errors.BAD_ARGUMENTS, f"The multipart form can't be read: {reason}")
