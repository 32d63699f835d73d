"""A request's body off the wire, with a length or in chunks, and no longer than is taken here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import BinaryIO

import errors

_HEX = re.compile(rb"[0-9A-Fa-f]{1,16}\Z")


class BadBody(Exception):
    """The body's framing is wrong: where the next request would begin can't be known."""

    def __init__(self, status: int, text: str):
        super().__init__(text)
        self.status = status
        self.text = text


def read(method: str, headers: Mapping[str, str], stream: BinaryIO, size_max: int) -> bytes:
    coding, length = headers.get("Transfer-Encoding"), headers.get("Content-Length")
    if coding is not None:
        if coding.strip().lower() != "chunked" or length is not None:
            raise BadBody(400, "Transfer-Encoding is 'chunked', and then there is no Content-Length")
        return _chunks(stream, size_max)
    if length is None:
        if method == "POST":
            raise errors.error(
                errors.HTTP_LENGTH_REQUIRED,
                "The Transfer-Encoding is not chunked and there is no Content-Length header for POST request",
            )
        return b""
    if not length.strip().isdecimal():
        raise BadBody(400, "Content-Length is a number")
    if int(length) > size_max:
        raise _too_large(size_max)
    return _exactly(stream, int(length))


def _chunks(stream: BinaryIO, size_max: int) -> bytes:
    chunks, total = [], 0
    while True:
        digits = _line(stream, 1024).split(b";", 1)[0].strip()
        if not _HEX.match(digits):
            raise BadBody(400, "A chunk begins with its size in hexadecimal digits")
        size = int(digits, 16)
        if size == 0:
            break
        total += size
        if total > size_max:
            raise _too_large(size_max)
        chunks.append(_exactly(stream, size))
        if _line(stream, 16) not in (b"\r\n", b"\n"):
            raise BadBody(400, "A chunk ends with a line break")
    while _line(stream, 8192) not in (b"\r\n", b"\n"):
        pass
    return b"".join(chunks)


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise _ended_early()
    return data


def _line(stream: BinaryIO, size_max: int) -> bytes:
    line = stream.readline(size_max)
    if not line:
        raise _ended_early()
    return line


def _too_large(size_max: int) -> BadBody:
    return BadBody(413, f"The body is larger than {size_max} bytes, the most that is taken here")


def _ended_early() -> ConnectionError:
    """As with a server: a request that ends early is not run, and there is nobody to answer."""
    return ConnectionResetError("the request ended early")
