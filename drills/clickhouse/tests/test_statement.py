"""Where data begin, by the text alone."""

from __future__ import annotations

import unittest

import errors
import statement


class Statements(unittest.TestCase):
    """Where data begin, by the text alone."""

    def check(self, source: bytes, text: str, format_name, data):
        parsed = statement.parse(source)
        self.assertEqual((parsed.text.strip(), parsed.format, parsed.data), (text, format_name, data))

    def test_inserts(self):
        self.check(b"INSERT INTO t FORMAT TSV\n1\n", "INSERT INTO t", "TSV", b"1\n")
        self.check(b"insert into t (a) format TSV \t\r\n\n1", "insert into t (a)", "TSV", b"\n1")
        self.check(b"INSERT INTO t FORMAT RowBinary\n\x00\n", "INSERT INTO t", "RowBinary", b"\x00\n")
        self.check(
            b'INSERT INTO t (`FORMAT`, "values") VALUES (1)', 'INSERT INTO t (`FORMAT`, "values")', "Values", b" (1)"
        )
        self.check(b"INSERT INTO t -- FORMAT CSV\nFORMAT TSV\n", "INSERT INTO t -- FORMAT CSV", "TSV", b"")
        self.check(
            b"INSERT INTO t FORMAT TSV SETTINGS a = 1, b = 'x;'\n1",
            "INSERT INTO t  SETTINGS a = 1, b = 'x;'",
            "TSV",
            b"1",
        )
        self.check(b"INSERT INTO t SELECT 'FORMAT TSV'", "INSERT INTO t SELECT 'FORMAT TSV'", None, None)

    def test_results(self):
        self.check(b"SELECT 1 FORMAT JSON", "SELECT 1 FORMAT JSON", "JSON", None)
        self.check(b"SELECT format FROM t;", "SELECT format FROM t", None, None)
        self.check(b"/* FORMAT CSV */ (SELECT 1)", "/* FORMAT CSV */ (SELECT 1)", None, None)
        self.assertTrue(statement.parse(b"(SELECT 1)").reads)

    def test_scripts(self):
        self.assertEqual(list(statement.split(b"a ';'; -- b;\nc $x$;$x$;;")), [b"a ';'", b"c $x$;$x$"])

    def test_more_than_one(self):
        with self.assertRaises(errors.ClickHouseError) as raised:
            statement.parse(b"SELECT 1; SELECT 2")
        self.assertEqual(raised.exception.status, 400)
