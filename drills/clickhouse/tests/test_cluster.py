"""A cluster of one shard, and what needs a Keeper."""

from __future__ import annotations

from harness import Shared


class Cluster(Shared):
    arguments = ("--cluster", "trading")

    def test_a_distributed_table_hands_the_token_to_its_shard(self):
        table = self.table("a Int64")
        engine = f"Distributed('trading', 'default', '{table}', cityHash64(a))"
        self.front.value(f"CREATE TABLE wide (a Int64) ENGINE = {engine}")
        for token, rows in (("x", "3"), ("x", "3"), ("y", "6")):
            status, _, body = self.front.ask(
                "INSERT INTO wide FORMAT TabSeparated",
                body=b"1\n2\n3\n",
                insert_deduplication_token=token,
                distributed_foreground_insert="1",
            )
            self.assertEqual(status, 200, body)
            self.assertEqual(self.front.value(f"SELECT count() FROM {table}"), rows)
        self.assertEqual(self.front.value("SELECT count() FROM wide"), "6")

    def test_without_a_keeper_nothing_is_replicated(self):
        replicated = "(a Int64) ENGINE = ReplicatedMergeTree('/t/{shard}', '{replica}') ORDER BY a"
        self.assertIn(
            "ReplicatedMergeTree", self.front.value(f"EXPLAIN AST CREATE TABLE r ON CLUSTER trading {replicated}")
        )
        self.check_exception(
            self.front.ask(f"CREATE TABLE r {replicated}"), 500, 225, "NO_ZOOKEEPER", "without ZooKeeper"
        )
        status, _, body = self.front.ask("CREATE DATABASE d ON CLUSTER trading")
        self.assertEqual(status, 500, body)
