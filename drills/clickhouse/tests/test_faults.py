"""Each fault does what it says, and no more than that."""

from __future__ import annotations

import http.client
import json
import time

import lz4.frame
from harness import Shared


class Faults(Shared):
    def tearDown(self):
        self.front.ask(method="DELETE", path="/_faults")

    def insert(self, table: str, token: str):
        return self.front.ask(
            f"INSERT INTO {table} FORMAT TSV", body=b"1\ta\n", insert_deduplication_token=token, async_insert="0"
        )

    def test_reset_after_the_insert_and_the_same_token_again(self):
        table = self.table()
        self.front.fault(kind="reset_after", match=table)
        with self.assertRaises(ConnectionResetError):
            self.insert(table, "t")
        self.assertEqual(self.front.value(f"SELECT count() FROM system.parts WHERE table = '{table}'"), "1")
        self.assertEqual(self.insert(table, "t")[0], 200)
        self.assertEqual(self.front.value(f"SELECT count() FROM {table}"), "1")

    def test_reset_before(self):
        table = self.table()
        self.front.fault(kind="reset_before", match=table)
        with self.assertRaises(ConnectionResetError):
            self.insert(table, "t")
        self.assertEqual(self.front.value(f"SELECT count() FROM {table}"), "0")

    def test_exceptions(self):
        table = self.table()
        for code, name in ((241, "MEMORY_LIMIT_EXCEEDED"), (252, "TOO_MANY_PARTS")):
            self.front.fault(kind="exception", code=code, times=2, match=table)
            for _ in range(2):
                self.check_exception(self.insert(table, "t"), 500, code, name)
        self.assertEqual(self.insert(table, "t")[0], 200)

    def test_status(self):
        self.front.fault(kind="status", status=503, body="upstream is away\n")
        status, headers, body = self.front.ask("SELECT 1")
        self.assertEqual((status, headers["X-ClickHouse-Exception-Code"], body), (503, None, b"upstream is away\n"))
        self.assertEqual(self.front.ask("SELECT 1")[0], 200)

    def test_delays(self):
        for kind in ("delay_before", "delay_after"):
            self.front.fault(kind=kind, seconds=0.5)
            begin = time.monotonic()
            self.assertEqual(self.front.ask("SELECT 1")[2], b"1\n")
            self.assertGreaterEqual(time.monotonic() - begin, 0.5)

    def test_refused_connections(self):
        kept = self.front.connect()
        kept.request("GET", "/ping")
        self.assertEqual(kept.getresponse().read(), b"Ok.\n")
        self.assertEqual(self.front.fault(kind="refuse", seconds=1)[0], 200)
        begin = time.monotonic()
        with self.assertRaises(ConnectionRefusedError):
            self.front.ask("SELECT 1")
        with self.assertRaises((ConnectionError, http.client.BadStatusLine)):
            kept.request("GET", "/ping")
            kept.getresponse()
        kept.close()
        while True:
            try:
                self.assertEqual(self.front.ask("SELECT 1")[2], b"1\n")
                break
            except ConnectionRefusedError:
                self.assertLess(time.monotonic() - begin, 10)
                time.sleep(0.05)
        self.assertGreater(time.monotonic() - begin, 0.8)

    def test_broken_result(self):
        self.front.fault(kind="broken_result", bytes=4, code=241)
        connection = self.front.connect()
        connection.request("POST", "/", body=b"SELECT number FROM numbers(10)")
        answer = connection.getresponse()
        self.assertEqual((answer.status, answer.headers["X-ClickHouse-Exception-Code"]), (200, None))
        with self.assertRaises(http.client.IncompleteRead) as raised:
            answer.read()
        tag = answer.headers["X-ClickHouse-Exception-Tag"].encode()
        start, mark, rest = raised.exception.partial.partition(b"\r\n__exception__\r\n" + tag + b"\r\n")
        self.assertEqual((start, bool(mark)), (b"0\n1\n", True))
        message, length = rest.split(b" " + tag + b"\r\n__exception__\r\n")[0].rsplit(b"\n", 1)
        self.assertEqual(int(length), len(message) + 1)
        self.assertTrue(message.startswith(b"Code: 241. DB::Exception: "))
        connection.close()

    def test_broken_result_is_compressed_as_a_whole_one(self):
        self.front.fault(kind="broken_result", bytes=4)
        connection = self.front.connect()
        connection.request("POST", "/", body=b"SELECT number FROM numbers(10)", headers={"Accept-Encoding": "lz4"})
        answer = connection.getresponse()
        with self.assertRaises(http.client.IncompleteRead) as raised:
            answer.read()
        self.assertTrue(lz4.frame.decompress(raised.exception.partial).startswith(b"0\n1\n\r\n__exception__\r\n"))
        connection.close()

    def test_what_was_done_is_shown(self):
        before = json.loads(self.front.ask(method="GET", path="/_faults")[2])["done"].get("status", 0)
        self.front.fault(kind="status", status=500, times=3, match="of this test")
        self.front.ask("SELECT 1")
        self.front.ask("SELECT 'of this test'")
        shown = json.loads(self.front.ask(method="GET", path="/_faults")[2])
        self.assertEqual(shown["done"]["status"], before + 1)
        self.assertEqual(
            shown["waiting"], [{"kind": "status", "match": "of this test", "times": 2, "status": 500, "body": ""}]
        )
        self.front.ask(method="DELETE", path="/_faults")
        self.assertEqual(json.loads(self.front.ask(method="GET", path="/_faults")[2])["waiting"], [])

    def test_unknown_ones_are_refused(self):
        for said in (
            {"kind": "nosuch"},
            {"kind": "status", "seconds": 1},
            {"kind": "exception"},
            {"kind": "refuse", "seconds": -1},
            {"kind": "status", "status": 200},
            {"kind": "reset_after", "times": 0},
        ):
            self.assertEqual(self.front.fault(**said)[0], 400, said)
        self.assertEqual(self.front.ask(path="/_faults", body=b"not JSON")[0], 400)
