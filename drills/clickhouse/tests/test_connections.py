"""Many connections, stops, kills, and a folder that somebody else holds."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path
from urllib.parse import urlencode

from harness import HERE, MIGRATIONS, Process, Shared, basic


class Connections(Shared):
    def test_kept(self):
        connection = self.front.connect()
        for number in range(20):
            # Errors leave the connection usable, too.
            query = b"SELEC 1" if number % 2 else b"SELECT %d" % number
            connection.request("POST", "/", body=query)
            answer = connection.getresponse()
            self.assertEqual(answer.status, 400 if number % 2 else 200)
            answer.read()
        connection.close()

    def test_many_at_once(self):
        table = self.table("a UInt64")
        failed = []

        def client(number: int):
            try:
                connection = self.front.connect()
                for row in range(10):
                    connection.request(
                        "POST",
                        "/?" + urlencode({"query": f"INSERT INTO {table} FORMAT TSV"}),
                        body=b"%d\n" % (number * 10 + row),
                    )
                    answer = connection.getresponse()
                    assert answer.status == 200, answer.read()
                    answer.read()
                connection.close()
            except Exception as reason:
                failed.append(reason)

        threads = [threading.Thread(target=client, args=(number,)) for number in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])
        self.assertEqual(self.front.value(f"SELECT count(), uniqExact(a) FROM {table}"), "400\t400")

    def test_ping_during_a_long_query(self):
        slow = threading.Thread(target=self.front.ask, args=("SELECT sleep(2)",))
        slow.start()
        time.sleep(0.3)
        begin = time.monotonic()
        self.assertEqual(self.front.ask(method="GET", path="/ping")[0], 200)
        self.assertLess(time.monotonic() - begin, 1)
        slow.join()


class Lifecycle(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name) / "data"

    def tearDown(self):
        self.temporary.cleanup()

    def filled(self) -> Process:
        front = Process(self.folder)
        front.value(
            "CREATE TABLE kept (a UInt64) ENGINE = MergeTree ORDER BY a "
            "SETTINGS non_replicated_deduplication_window = 10"
        )
        front.value("CREATE ROLE kept_reader")
        front.value("GRANT SELECT ON default.kept TO kept_reader")
        front.ask("INSERT INTO kept FORMAT TSV", body=b"1\n", insert_deduplication_token="t", async_insert="0")
        return front

    def check_kept(self, front: Process):
        # The window outlives the process.
        front.ask("INSERT INTO kept FORMAT TSV", body=b"1\n", insert_deduplication_token="t", async_insert="0")
        self.assertEqual(front.value("SELECT groupArray(a) FROM kept"), "[1]")
        self.assertEqual(front.value("SHOW GRANTS FOR kept_reader"), "GRANT SELECT ON default.kept TO kept_reader")
        self.assertEqual(front.stop(), 0)

    def test_stopped_and_started_again(self):
        self.assertEqual(self.filled().stop(), 0)
        self.assertFalse((self.folder / "engine/status").exists())
        self.check_kept(Process(self.folder))

    def test_killed_and_started_again(self):
        self.filled().kill()
        self.check_kept(Process(self.folder))

    def test_a_stop_waits_for_what_has_begun(self):
        front, answers = Process(self.folder), []
        slow = threading.Thread(target=lambda: answers.append(front.ask("SELECT sleep(1.5)")))
        slow.start()
        time.sleep(0.5)
        self.assertEqual(front.stop(), 0)
        slow.join()
        self.assertEqual((answers[0][0], answers[0][2]), (200, b"0\n"))
        with self.assertRaises(ConnectionRefusedError):
            front.ask("SELECT 1")

    def test_second_process_on_a_folder(self):
        front = Process(self.folder)
        command = [sys.executable, str(HERE / "front.py"), "--data-dir", str(self.folder), "--listen", "127.0.0.1:0"]
        second = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual(second.returncode, 1)
        self.assertIn("Does another process hold it?", second.stderr)
        self.assertEqual(front.value("SELECT 1"), "1")
        self.assertEqual(front.stop(), 0)

    def test_default_with_one_role(self):
        front = Process(self.folder, "--apply", str(MIGRATIONS), "--role", "audit_writer")
        self.assertEqual(front.ask("SELECT seq FROM audit.risk_log")[0], 403)
        self.assertEqual(front.ask("INSERT INTO audit.risk_log (seq) FORMAT TSV", body=b"1\n")[0], 200)
        self.assertEqual(front.stop(), 0)

    def test_users_of_a_file(self):
        file = Path(self.temporary.name) / "users.json"
        file.write_text(json.dumps({"users": [{"name": "ann", "password": "p", "grants": ["SELECT ON system.one"]}]}))
        front = Process(self.folder, "--users", str(file))
        self.assertEqual(front.ask("SELECT * FROM system.one", headers=basic("ann", "p"))[0], 200)
        front.value("CREATE TABLE hidden (a UInt8) ENGINE = Memory")
        self.assertEqual(front.ask("SELECT a FROM hidden", headers=basic("ann", "p"))[0], 403)
        self.assertEqual(front.stop(), 0)

    def test_a_script_that_fails_is_named(self):
        script = Path(self.temporary.name) / "bad.sql"
        script.write_text("SELECT 1; SELEC 2;")
        command = [sys.executable, str(HERE / "front.py"), "--data-dir", str(self.folder), "--apply", str(script)]
        failed = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("bad.sql: Code: 62.", failed.stderr)
