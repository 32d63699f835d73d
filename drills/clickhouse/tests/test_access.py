"""Who may ask, and what: users, and the roles of the contract's own migrations, tried on the engine."""

from __future__ import annotations

from harness import MIGRATIONS, Shared, basic


class Authentication(Shared):
    arguments = ("--user", "ann:secret:everything", "--user", "default:hidden:everything")

    def check_denied(self, answer, user="ann"):
        self.check_exception(answer, 403, 516, "AUTHENTICATION_FAILED", user)

    def test_three_ways(self):
        headers = {"X-ClickHouse-User": "ann", "X-ClickHouse-Key": "secret"}
        for answer in (
            self.front.ask("SELECT 1", headers=basic("ann", "secret")),
            self.front.ask("SELECT 1", headers=headers),
            self.front.ask("SELECT 1", user="ann", password="secret"),
            # Parameters come before the header that a browser remembers.
            self.front.ask("SELECT 1", headers=basic("ann", "wrong"), user="ann", password="secret"),
        ):
            self.assertEqual((answer[0], answer[2]), (200, b"1\n"))

    def test_wrong(self):
        self.check_denied(self.front.ask("SELECT 1", headers=basic("ann", "wrong")))
        self.check_denied(self.front.ask("SELECT 1", headers={"X-ClickHouse-User": "ann"}))
        self.check_denied(self.front.ask("SELECT 1", user="ann"))
        self.check_denied(self.front.ask("SELECT 1", headers=basic("nobody", "secret")), "nobody")
        self.check_denied(self.front.ask("SELECT 1", headers={"X-ClickHouse-Key": "secret"}), "empty user name")
        self.check_denied(self.front.ask("SELECT 1", headers={"Authorization": "Bearer x"}), "Bearer")
        self.check_denied(self.front.ask("SELECT 1", headers={"Authorization": "Basic ~"}), "basic credentials")

    def test_default_is_asked_for_its_password(self):
        answer = self.front.ask("SELECT 1")
        self.check_exception(answer, 401, 194, "REQUIRED_PASSWORD")
        self.assertEqual(answer[1]["WWW-Authenticate"], 'Basic realm="ClickHouse server HTTP API"')
        self.assertEqual(self.front.ask("SELECT 1", headers={"Authorization": "never"})[0], 403)
        self.assertEqual(self.front.ask("SELECT 1", user="default", password="hidden")[0], 200)

    def test_not_two_ways_at_once(self):
        headers = {"X-ClickHouse-User": "ann", "X-ClickHouse-Key": "secret"}
        self.check_denied(self.front.ask("SELECT 1", headers={**headers, **basic("ann", "secret")}), "simultaneously")
        self.check_denied(self.front.ask("SELECT 1", headers=headers, user="ann", password="secret"), "simultaneously")

    def test_health_needs_none(self):
        self.assertEqual(self.front.ask(method="GET", path="/ping")[0], 200)


class Roles(Shared):
    """The contract's own migrations, and what each of their roles may do: the engine decides."""

    arguments = (
        "--apply", str(MIGRATIONS),
        "--user", "writer:w:audit_writer", "--user", "reader:r:audit_reader", "--user", "admin:a:audit_admin",
        "--user", "both:b:audit_writer,audit_reader", "--user", "nobody:n:",
    )  # fmt: skip
    INSERT = "INSERT INTO audit.orders_log (ts, run, seq, symbol, strategy_id, account) FORMAT JSONEachRow"
    ROW = b'{"ts":"2026-01-02 03:04:05","run":"r","seq":1,"symbol":"2330","strategy_id":"s","account":"A-1"}'

    def denied(self, user: str, password: str, query: str, missing: str, body=None):
        self.check_exception(
            self.front.ask(query, body=body, headers=basic(user, password)), 403, 497, "ACCESS_DENIED", missing
        )
        self.assertIn(
            f"DB::Exception: {user}: Not enough privileges",
            self.front.ask(query, body=body, headers=basic(user, password))[2].decode(),
        )

    def allowed(self, user: str, password: str, query: str, body=None) -> bytes:
        status, _, got = self.front.ask(query, body=body, headers=basic(user, password))
        self.assertEqual(status, 200, got)
        return got

    def test_writer_adds_and_reads_nothing(self):
        self.allowed("writer", "w", self.INSERT, self.ROW)
        self.assertIn(b"orders_log", self.allowed("writer", "w", "SHOW TABLES FROM audit"))
        self.assertIn(b"chain_position", self.allowed("writer", "w", "DESCRIBE TABLE audit.orders_log"))
        self.denied("writer", "w", "SELECT * FROM audit.orders_log", "SELECT")
        self.denied("writer", "w", "SELECT seq FROM audit.orders_log", "SELECT(seq)")
        for query in (
            "ALTER TABLE audit.orders_log DELETE WHERE 1",
            "DROP TABLE audit.orders_log",
            "TRUNCATE TABLE audit.orders_log",
            "ALTER TABLE audit.orders_log UPDATE seq = 2 WHERE 1",
            "CREATE TABLE audit.mine (a UInt8) ENGINE = Memory",
            "OPTIMIZE TABLE audit.orders_log",
        ):
            self.denied("writer", "w", query, "")

    def test_reader_sees_all_but_personal_data(self):
        self.front.ask(self.INSERT, body=self.ROW)
        self.assertTrue(
            self.allowed("reader", "r", "SELECT symbol, run FROM audit.orders_log").startswith(b"2330\tr\n")
        )
        self.denied("reader", "r", "SELECT account FROM audit.orders_log", "SELECT(account)")
        self.denied("reader", "r", "SELECT * FROM audit.orders_log", "SELECT")
        self.denied("reader", "r", "SELECT symbol FROM audit.orders_log WHERE account = 'A-1'", "")
        self.denied("reader", "r", self.INSERT, "INSERT", self.ROW)
        self.denied("reader", "r", "ALTER TABLE audit.orders_log DROP COLUMN account", "ALTER DROP COLUMN")

    def test_admin_extends_and_destroys_nothing(self):
        self.allowed(
            "admin", "a", "CREATE TABLE IF NOT EXISTS audit.added (a UInt8, ts DateTime) ENGINE = MergeTree ORDER BY a"
        )
        self.allowed("admin", "a", "ALTER TABLE audit.added ADD COLUMN b String")
        self.allowed("admin", "a", "ALTER TABLE audit.added MODIFY TTL ts + INTERVAL 1 DAY")
        for query in (
            "DROP TABLE audit.added",
            "ALTER TABLE audit.added DROP COLUMN b",
            "ALTER TABLE audit.added DELETE WHERE 1",
            "DROP DATABASE audit",
        ):
            self.denied("admin", "a", query, "")
        self.denied("admin", "a", "SELECT * FROM audit.added", "SELECT")

    def test_roles_of_a_request(self):
        query = "SELECT symbol FROM audit.orders_log"
        self.assertEqual(self.front.ask(query, headers=basic("both", "b"))[0], 200)
        self.assertEqual(self.front.ask(query, headers=basic("both", "b"), role="audit_reader")[0], 200)
        self.assertEqual(self.front.ask(query, headers=basic("both", "b"), role="audit_writer")[0], 403)
        self.assertEqual(
            self.front.ask(query, headers=basic("both", "b"), role=["audit_writer", "audit_reader"])[0], 200
        )
        self.check_exception(
            self.front.ask(query, headers=basic("both", "b"), role="everything"), 403, 512, "SET_NON_GRANTED_ROLE"
        )

    def test_no_way_out_of_a_role(self):
        # It would last for the request alone, and a request is one statement.
        self.front.ask("SET ROLE everything", headers=basic("nobody", "n"))
        self.denied("nobody", "n", "SELECT symbol FROM audit.orders_log", "")
        self.check_exception(
            self.front.ask("GRANT audit_reader TO nobody", headers=basic("nobody", "n")),
            403,
            497,
            "ACCESS_DENIED",
            "ADMIN option",
        )
        self.denied("nobody", "n", "CREATE ROLE mine", "CREATE ROLE")
        self.denied("nobody", "n", "DROP ROLE audit_reader", "DROP ROLE")

    def test_roles_made_over_http(self):
        self.front.value("CREATE TABLE made (a UInt8, b UInt8) ENGINE = Memory")
        self.front.value("CREATE ROLE IF NOT EXISTS made_reader")
        self.front.value("CREATE ROLE IF NOT EXISTS made_reader")
        self.check_exception(self.front.ask("CREATE ROLE made_reader"), 500, 493, "ACCESS_ENTITY_ALREADY_EXISTS")
        self.check_exception(self.front.ask("GRANT SELECT ON made TO nosuch"), 404, 511, "UNKNOWN_ROLE")
        self.check_exception(self.front.ask("GRANT NOSUCH ON made TO made_reader"), 400, 62, "SYNTAX_ERROR")
        self.check_exception(
            self.front.ask("SELECT a FROM default.made", headers=basic("nobody", "n")), 403, 497, "ACCESS_DENIED"
        )
        self.front.value("GRANT SELECT(a) ON default.made TO made_reader")
        self.front.value("GRANT made_reader TO nobody")
        self.assertEqual(self.front.ask("SELECT a FROM default.made", headers=basic("nobody", "n"))[0], 200)
        self.assertEqual(self.front.ask("SELECT b FROM default.made", headers=basic("nobody", "n"))[0], 403)
        self.front.value("REVOKE SELECT(a) ON default.made FROM made_reader")
        self.assertEqual(self.front.ask("SELECT a FROM default.made", headers=basic("nobody", "n"))[0], 403)
        self.front.value("DROP ROLE made_reader")
        self.check_exception(self.front.ask("GRANT SELECT ON default.made TO made_reader"), 404, 511, "UNKNOWN_ROLE")
