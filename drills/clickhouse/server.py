"""The HTTP server: connections that are kept, bodies with a length or in chunks, ClickHouse's paths."""

from __future__ import annotations

import json
import re
import socket
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Optional

import answer
import errors
import faults
import request
from engine import Engine
from users import Users

# As a server's `keep_alive_timeout`.
KEEP_ALIVE_S = 30
_NO_HANDLER = (
    "There is no handle {path}\n\nUse / or /ping for health checks.\nOr /replicas_status for more sophisticated health checks.\n\n"
    "Send queries from your program with POST method or GET /?query=...\n"
)
_PIECE = 256 * 1024
# For how long the rest of a refused body is read.
_SWALLOW_S = 5
_HEX = re.compile(rb"[0-9A-Fa-f]{1,16}\Z")


class BadBody(Exception):
    """The body's framing is wrong: where the next request would begin can't be known."""

    def __init__(self, status: int, text: str):
        super().__init__(text)
        self.status = status
        self.text = text


class Front(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address, service: Service):
        self.service = service
        self._open = set()
        self._open_lock = threading.Lock()
        super().__init__(address, Handler)

    def process_request(self, request, client_address):
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def cut_connections(self, but=None):
        with self._open_lock:
            cut = [connection for connection in self._open if connection is not but]
        for connection in cut:
            # Its thread wakes up and closes it.
            reset_at_close(connection)
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def handle_error(self, request, client_address):
        # A client that went away is not worth a traceback; anything else is a fault of ours.
        if not isinstance(sys.exc_info()[1], (ConnectionError, socket.timeout)):
            super().handle_error(request, client_address)


class Service:
    """What all connections share, and the listener, which can be away for a while."""

    def __init__(self, engine: Engine, users: Users, body_bytes_max: int, verbose: bool):
        self.engine = engine
        self.users = users
        self.body_bytes_max = body_bytes_max
        self.verbose = verbose
        self.faults = faults.Faults()
        self._busy = 0
        self._busy_changed = threading.Condition()
        self._front: Optional[Front] = None
        self._front_lock = threading.Lock()
        self._stopping = False

    def listen(self, host: str, port: int) -> tuple:
        with self._front_lock:
            if not self._stopping:
                self._front = Front((host, port), self)
                threading.Thread(target=self._front.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
            return self._front.server_address[:2]

    def refuse(self, seconds: float, asking) -> None:
        """Nobody listens from now on, and connections other than the asking one are cut."""
        with self._front_lock:
            front = self._front
            front.shutdown()
            front.server_close()
        front.cut_connections(but=asking)
        self.faults.count("refuse")
        timer = threading.Timer(seconds, self._listen_again, front.server_address[:2])
        timer.daemon = True
        timer.start()

    def stop(self, patience_s: float) -> bool:
        """No new connections; requests that have begun are answered. False if some were not in time."""
        with self._front_lock:
            self._stopping = True
            self._front.shutdown()
            self._front.server_close()
        with self._busy_changed:
            return self._busy_changed.wait_for(lambda: self._busy == 0, patience_s)

    def __enter__(self):
        with self._busy_changed:
            self._busy += 1

    def __exit__(self, *_):
        with self._busy_changed:
            self._busy -= 1
            self._busy_changed.notify_all()

    @property
    def stopping(self) -> bool:
        return self._stopping

    def _listen_again(self, host: str, port: int) -> None:
        while not self._stopping:
            try:
                self.listen(host, port)
                return
            except OSError as reason:
                print(f"can't listen on {host}:{port} again: {reason}; trying on", file=sys.stderr)
                time.sleep(0.1)


class Handler(BaseHTTPRequestHandler):
    server: Front
    protocol_version = "HTTP/1.1"
    timeout = KEEP_ALIVE_S
    disable_nagle_algorithm = True
    wbufsize = _PIECE
    # The client may not have sent all of its body.
    _linger = False

    def do_GET(self):
        with self.server.service:
            path, question, _ = self.path.partition("?")
            if path == "/_faults":
                self._faults()
            elif path in ("/ping", "/replicas_status") or path == "/" and not question:
                self._answer(answer.plain(200, "Ok.\n"))
            elif not question:
                self._answer(self._no_handler())
            else:
                self._query()

    do_HEAD = do_GET

    def do_POST(self):
        with self.server.service:
            if self.path == "/_faults":
                self._faults()
            else:
                self._query()

    def do_OPTIONS(self):
        with self.server.service:
            self._answer(answer.Response(204, b""))

    def do_DELETE(self):
        with self.server.service:
            if self.path == "/_faults":
                self._faults()
            else:
                self._otherwise()

    def _otherwise(self):
        self.close_connection = True
        self._answer(self._no_handler())

    do_PUT = do_PATCH = _otherwise

    # === Queries ===

    def _query(self):
        service, user, wire = self.server.service, "default", request.Wire("")
        try:
            body = self._body()
            parameters = request.Parameters(self.path)
            wire.query_id = request.query_id(parameters, self.headers)
            acting = service.users.authenticate(self.headers, parameters.first)
            user, roles = acting.name, service.users.chosen_roles(acting, parameters.all("role"))
            wire = request.wire(parameters, self.headers)
            ask = request.ask(self.command, parameters, self.headers, body, roles, service.body_bytes_max)
            fault = service.faults.take(ask.statement.text)
            if fault is not None and not fault.after and self._struck_before(fault):
                return
            response = answer.result(wire, service.engine.run(ask), service.engine.timezone)
            if fault is not None and fault.after:
                response = self._struck_after(fault, response)
        except errors.ClickHouseError as raised:
            response = answer.exception(raised, raised.for_client(service.engine.version, user), wire)
        except BadBody as raised:
            response = self._refused(raised)
        if response is not None:
            self._answer(response)

    def _struck_before(self, fault: faults.Fault) -> bool:
        """True if that was the answer."""
        if fault.kind == "delay_before":
            time.sleep(fault.fields["seconds"])
            return False
        if fault.kind == "status":
            self._answer(answer.plain(fault.fields["status"], fault.fields["body"]))
        elif fault.kind == "exception":
            raise self._exception(fault)
        elif fault.kind == "reset_before":
            self._reset()
        return True

    def _struck_after(self, fault: faults.Fault, response: answer.Response) -> Optional[answer.Response]:
        if fault.kind == "reset_after":
            self._reset()
            return None
        if fault.kind == "broken_result":
            raised = self._exception(fault)
            text = raised.for_client(self.server.service.engine.version, "default")
            return answer.broken_result(response, fault.fields["bytes"], text)
        time.sleep(fault.fields["seconds"])
        return response

    def _exception(self, fault: faults.Fault) -> errors.ClickHouseError:
        code = fault.fields["code"]
        return errors.error(code, fault.message(), self.server.service.engine.code_name(code) or "UNKNOWN_EXCEPTION")

    def _reset(self):
        self.close_connection = True
        reset_at_close(self.connection)
        self.connection.close()

    # === Faults ===

    def _faults(self):
        service = self.server.service
        try:
            body = self._body()
            if self.command == "DELETE":
                service.faults.clear()
            elif self.command == "POST":
                fault = faults.read(json.loads(body))
                if fault.kind == "refuse":
                    self.close_connection = True
                    service.refuse(fault.fields["seconds"], self.connection)
                else:
                    service.faults.add(fault)
            response = answer.Response(200, json.dumps(service.faults.shown()).encode() + b"\n", {"Content-Type": "application/json"})
        except ValueError as reason:
            response = answer.plain(400, f"{reason}\n")
        except errors.ClickHouseError as raised:
            response = answer.plain(raised.status, raised.text + "\n")
        except BadBody as raised:
            response = self._refused(raised)
        self._answer(response)

    # === The wire ===

    def _body(self) -> bytes:
        size_max = self.server.service.body_bytes_max
        coding, length = self.headers.get("Transfer-Encoding"), self.headers.get("Content-Length")
        if coding is not None:
            if coding.strip().lower() != "chunked" or length is not None:
                raise BadBody(400, "Transfer-Encoding is 'chunked', and then there is no Content-Length")
            return self._chunks(size_max)
        if length is None:
            if self.command == "POST":
                self.close_connection = True
                raise errors.error(
                    errors.HTTP_LENGTH_REQUIRED,
                    "The Transfer-Encoding is not chunked and there is no Content-Length header for POST request",
                )
            return b""
        if not length.strip().isdecimal():
            raise BadBody(400, "Content-Length is a number")
        if int(length) > size_max:
            raise BadBody(413, f"The body is larger than {size_max} bytes, the most that is taken here")
        return self._exactly(int(length))

    def _chunks(self, size_max: int) -> bytes:
        chunks, total = [], 0
        while True:
            size = self.rfile.readline(1024).split(b";", 1)[0].strip()
            if not _HEX.match(size):
                raise BadBody(400, "A chunk begins with its size in hexadecimal digits")
            total += int(size, 16)
            if total > size_max:
                raise BadBody(413, f"The body is larger than {size_max} bytes, the most that is taken here")
            if int(size, 16) == 0:
                break
            chunks.append(self._exactly(int(size, 16)))
            if self.rfile.readline(16) not in (b"\r\n", b"\n"):
                raise BadBody(400, "A chunk ends with a line break")
        while self.rfile.readline(8192) not in (b"\r\n", b"\n", b""):
            pass
        return b"".join(chunks)

    def _exactly(self, size: int) -> bytes:
        data = self.rfile.read(size)
        if len(data) < size:
            # As a server does: a request that ends early is not run.
            raise ConnectionResetError("the request ended early")
        return data

    def _refused(self, bad: BadBody) -> answer.Response:
        self._linger = self.close_connection = True
        return answer.plain(bad.status, bad.text + "\n")

    def _answer(self, response: answer.Response) -> None:
        self.close_connection = self.close_connection or self.server.service.stopping or response.broken
        self.send_response_only(response.status)
        self.send_header("Date", self.date_time_string())
        self.send_header("Connection", "close" if self.close_connection else "Keep-Alive")
        if not self.close_connection:
            self.send_header("Keep-Alive", f"timeout={KEEP_ALIVE_S}")
        self.send_header("X-ClickHouse-Server-Display-Name", self.server.service.engine.host)
        for name, value in response.headers.items():
            self.send_header(name, _one_line(value))
        chunked = self.request_version == "HTTP/1.1" and response.status != 204
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif response.status != 204:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD" and response.status != 204:
            self._send(response, chunked)
        self.wfile.flush()
        if self._linger:
            self._swallow()
        if self.server.service.verbose:
            print(f"{self.command} {self.path[:200]} {response.status}", file=sys.stderr)

    def _swallow(self) -> None:
        """What the client is still sending: closing on it would take the answer away from the client."""
        self.connection.shutdown(socket.SHUT_WR)
        end = time.monotonic() + _SWALLOW_S
        while time.monotonic() < end and self.rfile.read1(_PIECE):
            pass

    def _send(self, response: answer.Response, chunked: bool) -> None:
        if not chunked:
            self.wfile.write(response.body)
            return
        for begin in range(0, len(response.body), _PIECE):
            piece = response.body[begin:begin + _PIECE]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        if not response.broken:
            self.wfile.write(b"0\r\n\r\n")

    def _no_handler(self) -> answer.Response:
        return answer.plain(404, _NO_HANDLER.format(path=self.path.partition("?")[0]))

    def send_error(self, code, message=None, explain=None):
        """What can't be read as HTTP; a server answers without a page, too."""
        self.close_connection = True
        self.request_version = getattr(self, "request_version", "HTTP/1.1") or "HTTP/1.1"
        self.command = self.command or ""
        self._answer(answer.plain(code, f"{message or 'Bad request'}\n"))

    def log_message(self, *_):
        pass


def reset_at_close(connection: socket.socket) -> None:
    """With a TCP reset: what the client has not read by then, it never will."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass


def _one_line(value: str) -> str:
    return "".join(letter if letter.isprintable() and letter.isascii() else "?" for letter in value)
