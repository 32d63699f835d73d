"""Faults on request: what a server does to its clients on a bad day, so that tests can ask for it.

    POST /_faults    {"kind": "reset_after", "times": 1, "match": "orders_log"}
    GET /_faults     what waits, and what has been done how often
    DELETE /_faults  forget what waits

| kind | what a query meets | fields |
| --- | --- | --- |
| refuse | connections are refused and open ones cut, for a time | seconds |
| status | a bare HTTP status, as of a proxy; the engine isn't asked | status (503), body |
| exception | a ClickHouse exception; the engine isn't asked | code (241, 252, …), message |
| reset_before | the connection is reset; the engine isn't asked | |
| reset_after | the engine has done all, then the connection is reset: the client can't know | |
| delay_before | the engine is asked that much later | seconds |
| delay_after | the engine has done all, the answer comes that much later | seconds |
| broken_result | the result ends in an exception, after its headers said 200 | code, bytes |

All but `refuse` hit the next `times` queries (1 if not said) whose text holds `match` (any, if not
said), in the order in which they were asked for; one fault a query. /ping is hit by `refuse` alone.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

SECONDS_MAX = 600

# Field: type, and the value where it isn't said; None if it must be.
_FIELDS: dict[str, dict[str, tuple]] = {
    "refuse": {"seconds": (float, None)},
    "status": {"status": (int, 503), "body": (str, "")},
    "exception": {"code": (int, None), "message": (str, "")},
    "reset_before": {},
    "reset_after": {},
    "delay_before": {"seconds": (float, None)},
    "delay_after": {"seconds": (float, None)},
    "broken_result": {"code": (int, 241), "bytes": (int, 0)},
}
_AFTER = ("reset_after", "delay_after", "broken_result")

# What a server says with the codes that tests ask for most.
_MESSAGES = {
    241: "(total) memory limit exceeded: would use 14.40 GiB, maximum: 14.40 GiB",
    252: "Too many parts (3000) in table. Merges are processing significantly slower than inserts",
    159: "Timeout exceeded: elapsed 5.2 seconds, maximum: 5",
    202: "Too many simultaneous queries. Maximum: 100",
}


@dataclass
class Fault:
    kind: str
    match: str
    times: int
    fields: dict[str, Any]

    @property
    def after(self) -> bool:
        return self.kind in _AFTER

    def message(self) -> str:
        return self.fields.get("message") or _MESSAGES.get(self.fields["code"], "Asked for by a test")

    def shown(self) -> dict[str, Any]:
        return {"kind": self.kind, "match": self.match, "times": self.times, **self.fields}


def read(said: Any) -> Fault:
    """Raises ValueError with what is wrong."""
    if not isinstance(said, dict):
        raise ValueError("a fault is a JSON object")
    kind = said.get("kind")
    if kind not in _FIELDS:
        raise ValueError(f"kind is one of {', '.join(_FIELDS)}")
    known = {"match": (str, ""), "times": (int, 1), **_FIELDS[kind]}
    unknown = set(said) - set(known) - {"kind"}
    if unknown:
        raise ValueError(f"{kind} takes no {', '.join(sorted(unknown))}; it takes {', '.join(known)}")
    values = {field: _value(kind, field, said.get(field, default), type_) for field, (type_, default) in known.items()}
    return Fault(kind, values.pop("match"), values.pop("times"), values)


def _value(kind: str, field: str, value: Any, type_: type) -> Any:
    if type_ is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, type_) or isinstance(value, bool):
        raise ValueError(f"{kind} needs {field}, a {type_.__name__}")
    if field == "seconds" and not 0 < value <= SECONDS_MAX:
        raise ValueError(f"seconds is between 0 and {SECONDS_MAX}")
    if field == "status" and not 400 <= value <= 599:
        raise ValueError("status is between 400 and 599")
    if field in ("times", "code") and value < 1 or field == "bytes" and value < 0:
        raise ValueError(f"{field} is too small")
    return value


class Faults:
    def __init__(self):
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self._done: dict[str, int] = {}

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def take(self, query: str) -> Fault | None:
        """The fault that is to hit this query."""
        with self._lock:
            for fault in self._waiting:
                if fault.match in query:
                    fault.times -= 1
                    if fault.times == 0:
                        self._waiting.remove(fault)
                    self._count(fault.kind)
                    return fault
        return None

    def count(self, kind: str) -> None:
        with self._lock:
            self._count(kind)

    def shown(self) -> dict[str, Any]:
        with self._lock:
            return {"waiting": [fault.shown() for fault in self._waiting], "done": dict(self._done)}

    def _count(self, kind: str) -> None:
        self._done[kind] = self._done.get(kind, 0) + 1
