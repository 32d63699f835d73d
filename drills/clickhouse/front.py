"""A ClickHouse to test against and to play with: the real engine behind ClickHouse's HTTP interface.

The engine is chDB, which is ClickHouse in a library; this program is the part of a server that chDB
lacks. What works with it works with a server, for it answers as the documentation and the server's
source say: status and headers by exception code, GET read-only, settings and `param_…` in the URL, data
of an INSERT in the body, both kinds of compression, chunked bodies, three ways to authenticate.

    python front.py --data-dir /tmp/ch                         # one user, `default`, without a password
    python front.py --data-dir /tmp/ch --apply contracts/migrations/clickhouse
    python front.py --data-dir /tmp/ch --user router:secret:audit_writer --user eve:x:audit_reader
    python front.py --data-dir /tmp/ch --role audit_admin      # `default` holds that role and no other
    python front.py --data-dir /tmp/ch --cluster trading       # one shard, for Distributed tables
    curl 'http://127.0.0.1:8123/?query=SELECT+version()'

One process holds a data folder: a second one says so and ends. After SIGTERM, requests that have begun
are answered and the engine is closed; after SIGKILL, the next start finds what had been inserted.

Roles and grants are the engine's own. It acts as `default` on every connection, who holds all roles,
and `SET ROLE` leaves the user's, so all roles can be tried in one process. CREATE ROLE, DROP ROLE,
GRANT and REVOKE work over HTTP; `roles.py` tells how. CREATE USER does not: users are given here.

Where it differs from a server:
- `currentUser()` is always `default`, and `system.processes` and KILL QUERY know no query ids of
  clients; the answer's headers do.
- A result is complete before its first byte is sent, as with `wait_end_of_query=1`; the fault
  `broken_result` shows what a server may do without it.
- Queries run one at a time.
- With --cluster there is one, of this engine alone: `Distributed` tables work over it, as a server's do with a
  shard of their own. There is no Keeper, so ON CLUSTER and Replicated tables are refused as by a server
  without one; EXPLAIN AST parses them.
- No sessions, no external data, no `input()`; these answer 501. Of HTTP's encodings, no `br`.
- A body is at most --body-bytes-max long; a longer one is answered with 413.
- `system.asynchronous_metrics` and the logs in `system` are not there: the engine has none.
- `/_faults` is ours; `faults.py` lists what can be asked for.

The files, from the wire inwards: `service.py` (the listener), `handler.py` (a connection), `body.py`,
`request.py`, `form.py`, `compression.py`, `users.py`, `statement.py`, `engine.py`, `roles.py`, and back out:
`answer.py`, `errors.py`. Beside them `faults.py`; `test_front.py` runs what is in `tests`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

import errors
import roles
import statement
import users
from engine import Ask, Engine
from handler import Handler
from service import Service

# For requests that have begun, after SIGTERM.
_STOP_S = 20


def main() -> int:
    options = _options()
    try:
        front_users = users.Users(_users(options))
        engine = Engine(options.data_dir, front_users, options.cluster)
    except (ValueError, KeyError, OSError, errors.ClickHouseError) as reason:
        return _failed(str(reason))
    except RuntimeError as reason:
        return _failed(f"the engine can't open {options.data_dir}: {reason} Does another process hold it?")
    try:
        for path in options.apply:
            _apply(engine, path)
        service = Service(Handler, engine, front_users, options.body_bytes_max, options.verbose)
        host, port = service.listen(*_address(options.listen))
    except (ValueError, OSError, errors.ClickHouseError) as reason:
        engine.close(0)
        return _failed(str(reason))
    # The engine has handlers of its own for some signals, so ours come after it.
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _write_whole(options.data_dir / "addresses.json", json.dumps({"http": f"{host}:{port}"}))
    print(f"ClickHouse {engine.version} listens on http://{host}:{port}", flush=True)
    stop.wait()
    in_time = service.stop(_STOP_S)
    if not (engine.close(_STOP_S if in_time else 0) and in_time):
        _failed("a query was still running; the engine recovers at the next start")
        os._exit(1)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="ClickHouse's HTTP interface before chDB.", epilog="Example: front.py --data-dir /tmp/ch"
    )
    parser.add_argument("--data-dir", type=Path, required=True, help="made if it is not there")
    parser.add_argument(
        "--listen", default="127.0.0.1:8123", help="address and port; port 0 takes a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--user", action="append", default=[], metavar="NAME:PASSWORD:ROLE,ROLE", help="a user; may be given often"
    )
    parser.add_argument(
        "--users", type=Path, metavar="FILE", help='users as JSON: {"users": [{"name", "password", "roles", "grants"}]}'
    )
    parser.add_argument(
        "--cluster",
        type=_cluster,
        metavar="NAME",
        help="a cluster of one shard, which is this engine, for `Distributed` tables; and the macros of its replica",
    )
    parser.add_argument("--role", help="the one role of `default`, instead of all rights")
    parser.add_argument(
        "--apply",
        type=Path,
        action="append",
        default=[],
        metavar="SQL",
        help="a script, or a folder of them, to run before listening",
    )
    parser.add_argument("--body-bytes-max", type=int, default=256 * 1024 * 1024, help="default: %(default)s")
    parser.add_argument("--verbose", action="store_true", help="a line on standard error for each request")
    return parser.parse_args()


def _cluster(name: str) -> str:
    if not name.isidentifier():
        raise argparse.ArgumentTypeError(f"{name!r}: a cluster's name is made of letters, digits and '_' here")
    return name


def _users(options: argparse.Namespace) -> list[users.User]:
    given = users.read_file(options.users) if options.users else []
    given += [users.from_argument(text) for text in options.user]
    if options.role:
        given.append(users.User("default", "", (roles.check_name(options.role),)))
    return given


def _apply(engine: Engine, path: Path) -> None:
    scripts = sorted(path.glob("*.sql")) if path.is_dir() else [path]
    if not scripts:
        raise ValueError(f"{path} holds no *.sql")
    for script in scripts:
        for text in statement.split(script.read_bytes()):
            try:
                engine.run(Ask(statement.parse(text)))
            except errors.ClickHouseError as reason:
                raise ValueError(f"{script}: {reason}\n{text.decode(errors='replace')}") from None
        print(f"applied {script}", flush=True)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdecimal():
        raise ValueError(f"--listen {text}: it is an address and a port, as 127.0.0.1:8123")
    return host or "127.0.0.1", int(port)


def _write_whole(file: Path, text: str) -> None:
    part = file.with_suffix(".part")
    part.write_text(text + "\n")
    os.replace(part, file)


def _failed(reason: str) -> int:
    print(f"front: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
