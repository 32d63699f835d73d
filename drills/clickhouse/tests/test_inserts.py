"""Data after a query, deduplication, and what the engine tells of its parts."""

from __future__ import annotations

import json
import socket
import struct
from urllib.parse import urlencode

from harness import Shared


class Inserts(Shared):
    def test_data_after_the_query(self):
        table = self.table()
        for query, body in (
            (f"INSERT INTO {table} VALUES", b"(1, 'a'), (2, 'b')"),
            (f"INSERT INTO {table} (a, b) FORMAT TabSeparated", b"3\tc\n"),
            (f"INSERT INTO {table} (a, b) FORMAT CSV", b"4,d\n"),
            (f"INSERT INTO {table} SETTINGS max_threads = 1 FORMAT JSONEachRow", b'{"a":5,"b":"e"}\n{"a":6,"b":"f"}'),
            (f"INSERT INTO {table} FORMAT JSONEachRow SETTINGS max_threads = 1", b'{"a":7,"b":"g"}'),
            (None, f"INSERT INTO {table} FORMAT TSV\n8\th\n".encode()),
            (None, f"INSERT INTO {table} VALUES (9, 'i')".encode()),
            (f"INSERT INTO {table} SELECT 10, 'j'", b""),
        ):
            status, headers, answer = self.front.ask(query, body=body)
            self.assertEqual((status, answer), (200, b""), (query, answer))
        self.assertEqual(
            self.front.value(
                f"SELECT groupArray(a), arrayStringConcat(groupArray(b)) FROM (SELECT * FROM {table} ORDER BY a)"
            ),
            "[1,2,3,4,5,6,7,8,9,10]\tabcdefghij",
        )

    def test_binary_bytes_are_the_data(self):
        table = self.table()
        # A line break and a NUL at the start, quotes and bytes that are no text: none of it is the query's.
        rows = struct.pack("<Q", 10) + b"\x04\x00'\xff;" + struct.pack("<Q", 11) + b"\x02--"
        status, headers, body = self.front.ask(f"INSERT INTO {table} (a, b) FORMAT RowBinary", body=rows)
        self.assertEqual((status, json.loads(headers["X-ClickHouse-Summary"])["written_rows"]), (200, "2"), body)
        self.assertEqual(self.front.value(f"SELECT a, hex(b) FROM {table} ORDER BY a"), "10\t0027FF3B\n11\t2D2D")

    def test_formats_there_and_back(self):
        table = self.table("a UInt64, b Nullable(String), c LowCardinality(Nullable(String)), d DateTime64(9, 'UTC')")
        select = (
            "SELECT toUInt64(1) AS a, 'x' AS b, CAST(NULL, 'LowCardinality(Nullable(String))') AS c, "
            "toDateTime64('2026-01-02 03:04:05.123456789', 9, 'UTC') AS d"
        )
        for name in (
            "RowBinary",
            "RowBinaryWithNames",
            "RowBinaryWithNamesAndTypes",
            "Native",
            "JSONEachRow",
            "TSV",
            "CSVWithNames",
        ):
            data = self.front.ask(select.replace("'x'", "CAST('x', 'Nullable(String)')"), default_format=name)[2]
            status, _, body = self.front.ask(
                f"INSERT INTO {table} (a, b, c, d) FORMAT {name}", body=data, deduplicate_insert="disable"
            )
            self.assertEqual(status, 200, (name, body))
        self.assertEqual(
            self.front.value(f"SELECT count(), uniqExact(tuple(*)), any(d) FROM {table}"),
            "7\t1\t2026-01-02 03:04:05.123456789",
        )

    def test_refused_whole(self):
        table = self.table()
        self.check_exception(
            self.front.ask(f"INSERT INTO {table} FORMAT JSONEachRow", body=b'{"a":1,"b":"x"}\n{"a":"no"}'),
            400,
            27,
            "CANNOT_PARSE_INPUT_ASSERTION_FAILED",
        )
        self.check_exception(
            self.front.ask(f"INSERT INTO {table} FORMAT RowBinary", body=b"\x01\x02"), 500, 33, "CANNOT_READ_ALL_DATA"
        )
        self.check_exception(
            self.front.ask(f"INSERT INTO {table} (nosuch) FORMAT TSV", body=b"1\n"), 500, 16, "NO_SUCH_COLUMN_IN_TABLE"
        )
        self.check_exception(self.front.ask("INSERT INTO nosuch FORMAT TSV", body=b"1\n"), 404, 60, "UNKNOWN_TABLE")
        self.check_exception(
            self.front.ask(f"INSERT INTO {table} FORMAT Nosuch", body=b"1\n"), 404, 73, "UNKNOWN_FORMAT"
        )
        self.assertEqual(self.front.value(f"SELECT count() FROM {table}"), "0")

    def test_no_rows(self):
        table = self.table()
        self.assertEqual(self.front.ask(f"INSERT INTO {table} FORMAT RowBinary", body=b"")[0], 200)
        self.assertEqual(self.front.value(f"SELECT count() FROM {table}"), "0")

    def test_same_token_once(self):
        table = self.table()
        insert = f"INSERT INTO {table} FORMAT TSV"

        def count() -> str:
            return self.front.value(f"SELECT count() FROM {table}")

        for _ in range(3):
            self.assertEqual(
                self.front.ask(insert, body=b"1\ta\n", insert_deduplication_token="t1", async_insert="0")[0], 200
            )
        self.assertEqual(count(), "1")
        # The token decides, not the rows.
        self.front.ask(insert, body=b"2\tb\n", insert_deduplication_token="t1", async_insert="0")
        self.assertEqual(count(), "1")
        self.front.ask(insert, body=b"1\ta\n", insert_deduplication_token="t2", async_insert="0")
        self.assertEqual(count(), "2")
        self.front.ask(
            insert, body=b"1\ta\n", insert_deduplication_token="t2", async_insert="0", deduplicate_insert="disable"
        )
        self.assertEqual(count(), "3")

    def test_chunked_body(self):
        table = self.table()
        connection = self.front.connect()
        url = "/?" + urlencode({"query": f"INSERT INTO {table} FORMAT TSV"})
        connection.request(
            "POST",
            url,
            body=iter([b"1\t", b"a\n2", b"\tb\n"]),
            encode_chunked=True,
            headers={"Transfer-Encoding": "chunked"},
        )
        self.assertEqual(connection.getresponse().read(), b"")
        # The connection goes on.
        connection.request("POST", "/", body=f"SELECT groupArray(b) FROM {table}".encode())
        self.assertEqual(connection.getresponse().read(), b"['a','b']\n")
        connection.close()

    def test_request_that_ends_early_is_not_run(self):
        table = self.table()
        for head in (
            f"POST /?query=INSERT+INTO+{table}+FORMAT+TSV HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n1\ta\n",
            f"POST /?query=INSERT+INTO+{table}+FORMAT+TSV HTTP/1.1\r\nHost: x\r\n"
            "Transfer-Encoding: chunked\r\n\r\n4\r\n1\ta\n\r\n",
        ):
            with socket.create_connection((self.front.host, self.front.port), timeout=10) as connection:
                connection.sendall(head.encode())
                connection.shutdown(socket.SHUT_WR)
                self.assertEqual(connection.recv(100), b"")
        self.assertEqual(self.front.value(f"SELECT count() FROM {table}"), "0")


class SystemTables(Shared):
    def test_they_answer(self):
        for table in (
            "parts",
            "merges",
            "events",
            "metrics",
            "disks",
            "processes",
            "errors",
            "settings",
            "columns",
            "mutations",
        ):
            self.assertRegex(self.front.value(f"SELECT count() FROM system.{table}"), r"^\d+$")
        table = self.table()
        self.front.ask(f"INSERT INTO {table} FORMAT TSV", body=b"1\ta\n")
        self.assertEqual(
            self.front.value(f"SELECT sum(rows) FROM system.parts WHERE table = '{table}' AND active"), "1"
        )
        self.assertEqual(self.front.value("SELECT count() > 0 AND min(total_space) > 0 FROM system.disks"), "1")
        self.assertEqual(self.front.value("SELECT value > 0 FROM system.events WHERE event = 'InsertedRows'"), "1")

    def test_partitions_and_ttl(self):
        self.front.value(
            "CREATE TABLE aging (ts DateTime64(9, 'UTC'), a UInt8) ENGINE = MergeTree "
            "PARTITION BY toYYYYMM(ts) ORDER BY ts TTL toDateTime(ts) + INTERVAL 30 DAY "
            "SETTINGS ttl_only_drop_parts = 1, merge_with_ttl_timeout = 0"
        )
        self.front.value("INSERT INTO aging VALUES (now64() - INTERVAL 200 DAY, 1), (now64(), 2)")
        self.front.value("OPTIMIZE TABLE aging FINAL")
        self.assertEqual(self.front.value("SELECT groupArray(a) FROM aging"), "[2]")
        self.assertEqual(
            self.front.value(
                "SELECT uniqExact(partition) FROM system.parts WHERE table = 'aging' AND active AND rows > 0"
            ),
            "1",
        )
