"""One connection: its requests, one after another, by ClickHouse's paths, and the answers to them."""

from __future__ import annotations

import json
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler

import answer
import body
import errors
import faults
import request
from engine import Answer
from service import Front, reset_at_close

# As a server's `keep_alive_timeout`.
KEEP_ALIVE_S = 30
_NO_HANDLER = """There is no handle {path}

Use / or /ping for health checks.
Or /replicas_status for more sophisticated health checks.

Send queries from your program with POST method or GET /?query=...
"""
_PIECE = 256 * 1024
# For how long the rest of a refused body is read.
_SWALLOW_S = 5


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
            data = self._body()
            parameters = request.Parameters(self.path)
            wire.query_id = request.query_id(parameters, self.headers)
            acting = service.users.authenticate(self.headers, parameters.first)
            user, roles = acting.name, service.users.chosen_roles(acting, parameters.all("role"))
            wire = request.wire(parameters, self.headers)
            ask = request.ask(self.command, parameters, self.headers, data, roles, service.body_bytes_max)
            fault = service.faults.take(ask.statement.text)
            if fault is not None and not fault.after and self._struck_before(fault):
                return
            result = service.engine.run(ask)
            response = self._result(wire, result, fault if fault is not None and fault.after else None)
        except errors.ClickHouseError as raised:
            response = answer.exception(raised, raised.for_client(service.engine.version, user), wire)
        except body.BadBody as raised:
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

    def _result(self, wire: request.Wire, result: Answer, fault: faults.Fault | None) -> answer.Response | None:
        """None where the fault has taken it away."""
        engine = self.server.service.engine
        if fault is not None and fault.kind == "reset_after":
            self._reset()
            return None
        if fault is not None and fault.kind == "broken_result":
            text = self._exception(fault).for_client(engine.version, "default")
            return answer.broken_result(wire, result, engine.timezone, fault.fields["bytes"], text)
        if fault is not None:
            time.sleep(fault.fields["seconds"])
        return answer.result(wire, result, engine.timezone)

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
            data = self._body()
            if self.command == "DELETE":
                service.faults.clear()
            elif self.command == "POST":
                fault = faults.read(json.loads(data))
                if fault.kind == "refuse":
                    self.close_connection = True
                    service.refuse(fault.fields["seconds"], self.connection)
                else:
                    service.faults.add(fault)
            response = answer.Response(
                200, json.dumps(service.faults.shown()).encode() + b"\n", {"Content-Type": "application/json"}
            )
        except ValueError as reason:
            response = answer.plain(400, f"{reason}\n")
        except errors.ClickHouseError as raised:
            response = answer.plain(raised.status, raised.text + "\n")
        except body.BadBody as raised:
            response = self._refused(raised)
        self._answer(response)

    # === The wire ===

    def _body(self) -> bytes:
        try:
            return body.read(self.command, self.headers, self.rfile, self.server.service.body_bytes_max)
        except errors.ClickHouseError:
            self.close_connection = True
            raise

    def _refused(self, bad: body.BadBody) -> answer.Response:
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
            piece = response.body[begin : begin + _PIECE]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        if not response.broken:
            self.wfile.write(b"0\r\n\r\n")

    def _no_handler(self) -> answer.Response:
        return answer.plain(404, _NO_HANDLER.format(path=self.path.partition("?")[0]))

    def send_error(self, code, message=None, explain=None):
        """What can't be read as HTTP; a server answers without a page, too."""
        self.close_connection = True
        # As it could not be read, neither is known.
        self.request_version, self.command = "HTTP/1.1", ""
        self._answer(answer.plain(code, f"{message or 'Bad request'}\n"))

    def log_message(self, *_):
        pass


def _one_line(value: str) -> str:
    return "".join(letter if letter.isprintable() and letter.isascii() else "?" for letter in value)
