"""Paths, headers, formats, parameters; and the status that each exception has."""

from __future__ import annotations

import json

from harness import Shared


class Paths(Shared):
    def test_health(self):
        for path in ("/", "/ping", "/replicas_status", "/ping?anything=1"):
            for method, body in (("GET", b"Ok.\n"), ("HEAD", b"")):
                status, headers, got = self.front.ask(method=method, path=path)
                self.assertEqual((status, got), (200, body), path)
                self.assertTrue(headers["X-ClickHouse-Server-Display-Name"])

    def test_unknown_path(self):
        status, _, body = self.front.ask(method="GET", path="/nosuch")
        self.assertEqual(status, 404)
        self.assertTrue(body.startswith(b"There is no handle /nosuch"))

    def test_other_methods(self):
        self.assertEqual(self.front.ask(method="PUT", path="/")[0], 404)
        self.assertEqual(self.front.ask(method="OPTIONS", path="/")[0], 204)

    def test_query_in_url_or_body_or_both(self):
        self.assertEqual(self.front.ask("SELECT 1", method="GET")[2], b"1\n")
        self.assertEqual(self.front.ask("SELECT 1")[2], b"1\n")
        self.assertEqual(self.front.ask(body=b"SELECT 1")[2], b"1\n")
        self.assertEqual(self.front.ask("SELECT 1 +", body=b"1")[2], b"2\n")
        self.assertEqual(self.front.ask(body=b"SELECT 1", path="/any/path")[2], b"1\n")

    def test_head_has_the_headers_alone(self):
        status, headers, body = self.front.ask("SELECT 1", method="HEAD")
        self.assertEqual((status, headers["X-ClickHouse-Format"], body), (200, "TabSeparated", b""))

    def test_get_is_readonly(self):
        for method in ("GET", "HEAD"):
            status, headers, _ = self.front.ask("CREATE TABLE of_get (a UInt8) ENGINE = Memory", method=method)
            self.assertEqual((status, headers["X-ClickHouse-Exception-Code"]), (500, "164"))
        self.check_exception(self.front.ask("SELECT 1", method="GET", readonly="0"), 500, 164, "READONLY")
        self.assertEqual(self.front.ask("SELECT getSetting('max_threads')", method="GET", max_threads="1")[2], b"1\n")
        self.assertEqual(self.front.value("EXISTS TABLE of_get"), "0")


class Answers(Shared):
    def test_headers(self):
        status, headers, body = self.front.ask("SELECT number FROM numbers(3)", query_id="q-1")
        self.assertEqual((status, body), (200, b"0\n1\n2\n"))
        self.assertEqual(headers["X-ClickHouse-Query-Id"], "q-1")
        self.assertEqual(headers["X-ClickHouse-Format"], "TabSeparated")
        self.assertEqual(headers["Content-Type"], "text/tab-separated-values; charset=UTF-8")
        self.assertEqual(headers["X-ClickHouse-Timezone"], self.front.value("SELECT timezone()"))
        self.assertEqual(headers["X-ClickHouse-Server-Display-Name"], self.front.value("SELECT hostName()"))
        summary = json.loads(headers["X-ClickHouse-Summary"])
        self.assertEqual((summary["read_rows"], summary["written_rows"]), ("3", "0"))
        self.assertTrue(all(isinstance(value, str) for value in summary.values()))

    def test_query_id_of_header_and_own(self):
        self.assertEqual(
            self.front.ask("SELECT 1", headers={"X-ClickHouse-Query-Id": "h"})[1]["X-ClickHouse-Query-Id"], "h"
        )
        self.assertRegex(self.front.ask("SELECT 1")[1]["X-ClickHouse-Query-Id"], r"^[0-9a-f]{8}-[0-9a-f-]{27}$")
        self.assertEqual(self.front.ask("SELEC", query_id="bad")[1]["X-ClickHouse-Query-Id"], "bad")
        # It can't make a header of its own.
        self.assertIsNone(self.front.ask("SELECT 1", query_id="a\r\nInjected: 1")[1]["Injected"])

    def test_formats(self):
        self.assertEqual(self.front.ask("SELECT 1 AS a", default_format="JSONEachRow")[2], b'{"a":1}\n')
        self.assertEqual(self.front.ask("SELECT 1 AS a", headers={"X-ClickHouse-Format": "CSV"})[2], b"1\n")
        status, headers, body = self.front.ask(
            "SELECT 1 AS a FORMAT JSON SETTINGS max_threads = 1", default_format="CSV"
        )
        self.assertEqual((status, headers["X-ClickHouse-Format"]), (200, "JSON"))
        self.assertEqual(headers["Content-Type"], "application/json; charset=UTF-8")
        self.assertEqual(json.loads(body)["data"], [{"a": 1}])
        self.assertEqual(self.front.ask("SELECT toUInt16(258)", default_format="RowBinary")[2], b"\x02\x01")
        self.check_exception(self.front.ask("SELECT 1 FORMAT Nosuch"), 404, 73, "UNKNOWN_FORMAT")

    def test_database(self):
        self.front.value("CREATE DATABASE IF NOT EXISTS other")
        self.assertEqual(self.front.value("SELECT currentDatabase()"), "default")
        self.assertEqual(self.front.value("SELECT currentDatabase()", database="other"), "other")
        self.assertEqual(
            self.front.value("SELECT currentDatabase()", headers={"X-ClickHouse-Database": "other"}), "other"
        )
        self.check_exception(self.front.ask("SELECT 1", database="nosuch"), 404, 81, "UNKNOWN_DATABASE")

    def test_settings_end_with_the_request(self):
        self.assertEqual(self.front.value("SELECT getSetting('max_execution_time')", max_execution_time="7"), "7")
        self.assertEqual(self.front.value("SELECT getSetting('max_execution_time')"), "0")
        self.check_exception(self.front.ask("SELECT 1", nosuch="1"), 404, 115, "UNKNOWN_SETTING", "nosuch")
        self.check_exception(
            self.front.ask("SELECT 1", max_threads="many"), 400, 27, "CANNOT_PARSE_INPUT_ASSERTION_FAILED"
        )
        # A server's own parameters are no settings.
        self.assertEqual(self.front.value("SELECT 1", wait_end_of_query="1", buffer_size="1", quota_key="k"), "1")

    def test_query_parameters(self):
        self.assertEqual(self.front.value("SELECT {n:UInt8} + 1", param_n="4"), "5")
        self.assertEqual(self.front.value("SELECT {s:String}", param_s="a' OR 'é"), "a\\' OR \\'é")
        # Values are escaped as in TabSeparated.
        self.assertEqual(self.front.value("SELECT {s:String} = 'a\tb'", param_s="a\\tb"), "1")
        self.assertEqual(self.front.value("SELECT {a:Array(UInt8)}", param_a="[1,2]"), "[1,2]")
        self.check_exception(self.front.ask("SELECT {n:UInt8}"), 500, 456, "UNKNOWN_QUERY_PARAMETER")
        self.check_exception(self.front.ask("SELECT {n:UInt8}", param_n="x"), 500, 457, "BAD_QUERY_PARAMETER")

    def test_query_and_parameters_in_a_form(self):
        form = (
            b'--B\r\nContent-Disposition: form-data; name="query"\r\n\r\nSELECT {s:String}\r\n'
            b'--B\r\nContent-Disposition: form-data; name="param_s"\r\n\r\nlong\r\n--B--\r\n'
        )
        headers = {"Content-Type": "multipart/form-data; boundary=B"}
        self.assertEqual(self.front.ask(body=form, headers=headers)[2], b"long\n")
        self.check_exception(self.front.ask(body=form[:-6], headers=headers), 400, 36, "BAD_ARGUMENTS")
        file = form.replace(b'name="param_s"', b'name="s"; filename="s"')
        self.check_exception(self.front.ask(body=file, headers=headers), 501, 48, "NOT_IMPLEMENTED")

    def test_long_result(self):
        body = self.front.ask("SELECT number FROM numbers(300000)")[2]
        self.assertEqual((body.count(b"\n"), body[-7:]), (300000, b"299999\n"))


class Errors(Shared):
    def test_status_by_code(self):
        for query, status, code, name in (
            ("SELEC 1", 400, 62, "SYNTAX_ERROR"),
            ("SELECT * FROM nosuch", 404, 60, "UNKNOWN_TABLE"),
            ("SELECT * FROM nosuch.t", 404, 81, "UNKNOWN_DATABASE"),
            ("SELECT nosuch", 404, 47, "UNKNOWN_IDENTIFIER"),
            ("SELECT nosuch(1)", 404, 46, "UNKNOWN_FUNCTION"),
            ("SELECT toUInt8('x')", 400, 6, "CANNOT_PARSE_TEXT"),
            ("SELECT 1 SETTINGS nosuch = 1", 404, 115, "UNKNOWN_SETTING"),
            ("SELECT throwIf(1)", 500, 395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"),
            (
                "SELECT sleepEachRow(0.2) FROM numbers(14) SETTINGS max_execution_time = 1, max_block_size = 1",
                408,
                159,
                "TIMEOUT_EXCEEDED",
            ),
        ):
            with self.subTest(query):
                self.check_exception(self.front.ask(query), status, code, name)

    def test_no_query(self):
        self.check_exception(self.front.ask(body=b""), 400, 62, "SYNTAX_ERROR", "Empty query")
        self.check_exception(self.front.ask(body=b" -- nothing\n"), 400, 62, "SYNTAX_ERROR", "Empty query")

    def test_one_statement_a_request(self):
        self.assertEqual(self.front.value("SELECT ';' ;"), ";")
        self.check_exception(self.front.ask("SELECT 1; SELECT 2"), 400, 62, "SYNTAX_ERROR", "Multi-statements")

    def test_files_of_the_server_are_out_of_reach(self):
        self.front.value("CREATE TABLE IF NOT EXISTS files (a UInt8) ENGINE = Memory")
        self.check_exception(self.front.ask("SELECT 1 INTO OUTFILE '/tmp/never'"), 500, 358, "INTO_OUTFILE_NOT_ALLOWED")
        self.check_exception(
            self.front.ask("INSERT INTO files FROM INFILE '/etc/passwd' FORMAT TSV"), 404, 78, "UNKNOWN_TYPE_OF_QUERY"
        )

    def test_not_supported(self):
        self.check_exception(self.front.ask("SELECT 1", session_id="s"), 501, 48, "NOT_IMPLEMENTED", "Sessions")

    def test_bad_bytes(self):
        self.check_exception(self.front.ask(body=b"SELECT '\xff'"), 400, 36, "BAD_ARGUMENTS", "UTF-8")
        status, _, _ = self.front.ask(path="/?query=SELECT+%FF")
        self.assertEqual(status, 400)
