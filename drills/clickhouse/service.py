"""What all connections share, and the listener, which can be away for a while."""

from __future__ import annotations

import socket
import struct
import sys
import threading
import time
from http.server import ThreadingHTTPServer

import faults
from engine import Engine
from users import Users


class Front(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address, service: Service, handler: type):
        self.service = service
        self._open = set()
        self._open_lock = threading.Lock()
        super().__init__(address, handler)

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
    """Handlers count themselves in with `with service:`, so that a stop can wait for them."""

    def __init__(self, handler: type, engine: Engine, users: Users, body_bytes_max: int, verbose: bool):
        self._handler = handler
        self.engine = engine
        self.users = users
        self.body_bytes_max = body_bytes_max
        self.verbose = verbose
        self.faults = faults.Faults()
        self._busy = 0
        self._busy_changed = threading.Condition()
        self._front: Front | None = None
        self._front_lock = threading.Lock()
        self._stopping = False

    def listen(self, host: str, port: int) -> tuple:
        with self._front_lock:
            if not self._stopping:
                self._front = Front((host, port), self, self._handler)
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


def reset_at_close(connection: socket.socket) -> None:
    """With a TCP reset: what the client has not read by then, it never will."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
