"""An answer as it goes over the wire: headers as a server sets them, and the body in pieces."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field

import compression
import errors
from engine import Answer
from request import Wire

_TEXT = "text/plain; charset=UTF-8"
_CONTENT_TYPES = {
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "TSV": "text/tab-separated-values; charset=UTF-8",
    "TabSeparatedWithNames": "text/tab-separated-values; charset=UTF-8",
    "TSVWithNames": "text/tab-separated-values; charset=UTF-8",
    "TabSeparatedWithNamesAndTypes": "text/tab-separated-values; charset=UTF-8",
    "TSVWithNamesAndTypes": "text/tab-separated-values; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8; header=absent",
    "CSVWithNames": "text/csv; charset=UTF-8; header=present",
    "JSON": "application/json; charset=UTF-8",
    "JSONCompact": "application/json; charset=UTF-8",
    "JSONStrings": "application/json; charset=UTF-8",
    "JSONEachRow": "application/x-ndjson; charset=UTF-8",
    "JSONCompactEachRow": "application/x-ndjson; charset=UTF-8",
    "NDJSON": "application/x-ndjson; charset=UTF-8",
    "XML": "application/xml; charset=UTF-8",
    "RowBinary": "application/octet-stream",
    "RowBinaryWithNames": "application/octet-stream",
    "RowBinaryWithNamesAndTypes": "application/octet-stream",
    "Native": "application/octet-stream",
    "Parquet": "application/octet-stream",
}


@dataclass
class Response:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    # Cut off here, without the end that chunks have.
    broken: bool = False


def plain(status: int, text: str) -> Response:
    return Response(status, text.encode(), {"Content-Type": _TEXT})


def result(wire: Wire, answer: Answer, timezone: str) -> Response:
    headers = _result_headers(wire, answer, timezone)
    if answer.format:
        headers["X-ClickHouse-Exception-Tag"] = secrets.token_hex(8)
    response = Response(200, answer.body, headers)
    _compress(response, wire)
    return response


def broken_result(wire: Wire, answer: Answer, timezone: str, size: int, text: str) -> Response:
    """An exception after the headers are out: the start of the body, then the exception between marks
    of its own, and no proper end."""
    tag, message = secrets.token_hex(8), text + "\n"
    marked = f"\r\n__exception__\r\n{tag}\r\n{message}{len(message.encode())} {tag}\r\n__exception__\r\n"
    headers = {**_result_headers(wire, answer, timezone), "X-ClickHouse-Exception-Tag": tag}
    response = Response(200, answer.body[:size] + marked.encode(), headers, broken=True)
    _compress(response, wire)
    return response


def exception(raised: errors.ClickHouseError, text: str, wire: Wire) -> Response:
    headers = {
        "Content-Type": _TEXT,
        "X-ClickHouse-Query-Id": wire.query_id,
        "X-ClickHouse-Exception-Code": str(raised.code),
        "X-ClickHouse-Summary": _summary(Answer()),
    }
    if raised.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="ClickHouse server HTTP API"'
    response = Response(raised.status, (text + "\n").encode(), headers)
    _compress(response, wire)
    return response


def _result_headers(wire: Wire, answer: Answer, timezone: str) -> dict[str, str]:
    headers = {
        "Content-Type": _CONTENT_TYPES.get(answer.format or "", _TEXT),
        "X-ClickHouse-Query-Id": wire.query_id,
        "X-ClickHouse-Timezone": timezone,
        "X-ClickHouse-Summary": _summary(answer),
    }
    if answer.format:
        headers["X-ClickHouse-Format"] = answer.format
    return headers


def _compress(response: Response, wire: Wire) -> None:
    if wire.frames:
        response.body = wire.frames.pack(response.body)
    # Nothing isn't compressed.
    if wire.encoding and response.body:
        response.body = compression.encoded(response.body, wire.encoding)
        response.headers["Content-Encoding"] = wire.encoding


def _summary(answer: Answer) -> str:
    return json.dumps(
        {
            "read_rows": str(answer.read_rows),
            "read_bytes": str(answer.read_bytes),
            "written_rows": str(answer.written_rows),
            "written_bytes": str(answer.written_bytes),
            "total_rows_to_read": str(answer.read_rows),
            "result_rows": str(answer.written_rows),
            "result_bytes": str(answer.written_bytes),
            "elapsed_ns": str(answer.elapsed_ns),
        },
        separators=(",", ":"),
    )
