"""A front as a user starts it, and what tests ask of it."""

from __future__ import annotations

import base64
import http.client
import json
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from urllib.parse import urlencode

HERE = Path(__file__).resolve().parents[1]
MIGRATIONS = HERE.parents[1] / "contracts/migrations/clickhouse"
_START_S = 60


class Process:
    """A front, as a user starts it."""

    def __init__(self, folder: Path, *arguments: str):
        self.folder = folder
        self._log = open(folder.parent / f"{folder.name}.log", "w+")
        self.addresses = folder / "addresses.json"
        self.addresses.unlink(missing_ok=True)
        command = [
            sys.executable,
            str(HERE / "front.py"),
            "--data-dir",
            str(folder),
            "--listen",
            "127.0.0.1:0",
            *arguments,
        ]
        self.process = subprocess.Popen(command, stdout=self._log, stderr=subprocess.STDOUT)
        end = time.monotonic() + _START_S
        while not self.addresses.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                raise AssertionError(f"the front did not start: {self.said()}")
            time.sleep(0.02)
        host, port = json.loads(self.addresses.read_text())["http"].rsplit(":", 1)
        self.host, self.port = host, int(port)

    def said(self) -> str:
        self._log.flush()
        return Path(self._log.name).read_text()

    def connect(self, timeout: float = 30) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def ask(self, query="", body=None, method="POST", headers=None, path="/", **parameters):
        """One request on a connection of its own: status, headers, body."""
        if query:
            parameters = {"query": query, **parameters}
        url = f"{path}?{urlencode(parameters, doseq=True)}" if parameters else path
        connection = self.connect()
        try:
            connection.request(
                method, url, body=b"" if body is None and method == "POST" else body, headers=headers or {}
            )
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def value(self, query, **more) -> str:
        status, _, body = self.ask(query, **more)
        assert status == 200, body
        return body.decode().rstrip("\n")

    def fault(self, **said):
        status, _, body = self.ask(path="/_faults", body=json.dumps(said).encode())
        return status, body

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __del__(self):
        if self.process.poll() is None:
            self.kill()
        self._log.close()


def basic(user: str, password: str) -> dict:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class Shared(unittest.TestCase):
    """With one front for the class; each test has tables of its own."""

    arguments: tuple = ()

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.front = Process(Path(cls.temporary.name) / "data", *cls.arguments)

    @classmethod
    def tearDownClass(cls):
        code = cls.front.stop()
        said = cls.front.said()
        cls.temporary.cleanup()
        if code != 0:
            raise AssertionError(f"the front ended with {code}: {said}")
        if "Traceback" in said:
            raise AssertionError(said)

    def table(self, columns="a UInt64, b String", settings="non_replicated_deduplication_window = 100") -> str:
        name = self.id().rsplit(".", 1)[1]
        self.front.value(f"CREATE TABLE {name} ({columns}) ENGINE = MergeTree ORDER BY tuple() SETTINGS {settings}")
        return name

    def check_exception(self, answer, status: int, code: int, name: str, text: str = ""):
        got, headers, body = answer
        self.assertEqual((got, headers["X-ClickHouse-Exception-Code"]), (status, str(code)), body)
        self.assertRegex(body.decode(), rf"^Code: {code}\. DB::Exception: (?s:.*)\({name}\) \(version 26\.[\d.]+\)\n\Z")
        self.assertIn(text, body.decode())
