"""Both kinds of compression, in both directions, and bodies that are too large or badly framed."""

from __future__ import annotations

import gzip
import socket

import lz4.frame
import zstandard
from harness import Shared

import compression


class Compression(Shared):
    def test_frames_in(self):
        table = self.table()
        for method in ("LZ4", "ZSTD", "NONE"):
            rows = b"".join(b"%d\t%s%d\n" % (number, method.encode() * 10, number) for number in range(40000))
            packed = compression.Frames(method).pack(rows)
            status, _, body = self.front.ask(f"INSERT INTO {table} FORMAT TSV", body=packed, decompress="1")
            self.assertEqual(status, 200, body)
        self.assertEqual(self.front.value(f"SELECT count(), sum(a) FROM {table}"), f"120000\t{3 * sum(range(40000))}")
        # The query may be in the frames, too.
        self.assertEqual(self.front.ask(body=compression.Frames("LZ4").pack(b"SELECT 1"), decompress="1")[2], b"1\n")

    def test_frame_of_another_implementation(self):
        # Written by the `clickhouse` crate: the same checksum, method, sizes and data.
        frame = bytes.fromhex("5af2b4cc9b3fbcd2ec69b9bb3fb1846c82160000000c000000c031096f6e650a320974776f0a")
        self.assertEqual(compression.from_frames(frame, 1000), b"1\tone\n2\ttwo\n")

    def test_damaged_frames(self):
        good = compression.Frames("LZ4").pack(b"SELECT 1")
        for body, status, code, name in (
            (good[:-1] + bytes([good[-1] ^ 1]), 500, 40, "CHECKSUM_DOESNT_MATCH"),
            (good[:-1], 500, 271, "CANNOT_DECOMPRESS"),
            (good[:20], 500, 271, "CANNOT_DECOMPRESS"),
            (good + compression.Frames("ZSTD").pack(b" "), 500, 271, "CANNOT_DECOMPRESS"),
            (b"SELECT 1 AS not_compressed_at_all", 500, 39, "TOO_LARGE_SIZE_COMPRESSED"),
        ):
            self.check_exception(self.front.ask(body=body, decompress="1"), status, code, name)

    def test_frames_out(self):
        want = self.front.ask("SELECT number FROM numbers(400000)")[2]
        self.assertGreater(len(want), 2 * 1024 * 1024)
        # As of 26.9, ZSTD unless the request says otherwise.
        for method, byte in ((None, 0x90), ("LZ4", 0x82), ("zstd", 0x90)):
            more = {"network_compression_method": method} if method else {}
            status, headers, body = self.front.ask("SELECT number FROM numbers(400000)", compress="1", **more)
            self.assertEqual((status, body[16], headers["Content-Encoding"]), (200, byte, None))
            self.assertEqual(compression.from_frames(body, 1 << 30), want)

    def test_an_error_is_in_frames_too(self):
        status, headers, body = self.front.ask("SELEC 1", compress="1")
        self.assertEqual((status, headers["X-ClickHouse-Exception-Code"]), (400, "62"))
        self.assertTrue(compression.from_frames(body, 10000).startswith(b"Code: 62. DB::Exception"))

    def test_http_encoding_in(self):
        for encoding, packed in (
            ("gzip", gzip.compress(b"SELECT 1")),
            ("zstd", zstandard.ZstdCompressor().compress(b"SELECT 1")),
            ("lz4", lz4.frame.compress(b"SELECT 1")),
        ):
            self.assertEqual(self.front.ask(body=packed, headers={"Content-Encoding": encoding})[2], b"1\n")
            self.check_exception(
                self.front.ask(body=packed[:-4], headers={"Content-Encoding": encoding}),
                500,
                354,
                "ZLIB_INFLATE_FAILED",
            )
        self.check_exception(self.front.ask(body=b"x", headers={"Content-Encoding": "br"}), 501, 48, "NOT_IMPLEMENTED")

    def test_http_encoding_out(self):
        for accepted, encoding, unpack in (
            ("gzip", "gzip", gzip.decompress),
            ("gzip, deflate, lz4", "lz4", lz4.frame.decompress),
            ("gzip, zstd", "zstd", lambda body: zstandard.ZstdDecompressor().decompress(body)),
        ):
            for query, start in (("SELECT 1", b"1\n"), ("SELEC 1", b"Code: 62.")):
                _, headers, body = self.front.ask(query, headers={"Accept-Encoding": accepted})
                self.assertEqual(headers["Content-Encoding"], encoding)
                self.assertTrue(unpack(body).startswith(start))
        _, headers, body = self.front.ask("SELECT 1", headers={"Accept-Encoding": "gzip"}, enable_http_compression="0")
        self.assertEqual((headers["Content-Encoding"], body), (None, b"1\n"))
        # Nothing isn't compressed.
        self.assertIsNone(
            self.front.ask("SELECT 1 WHERE 0", headers={"Accept-Encoding": "gzip"})[1]["Content-Encoding"]
        )


class Limits(Shared):
    arguments = ("--body-bytes-max", "100000")

    def test_body_size(self):
        query = b"SELECT 1 -- "
        fits = query + b"x" * (100000 - len(query))
        self.assertEqual(self.front.ask(body=fits)[2], b"1\n")
        status, _, body = self.front.ask(body=fits + b"x")
        self.assertEqual(status, 413, body)
        connection = self.front.connect()
        connection.request(
            "POST", "/", body=iter([fits, b"x"]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"}
        )
        answer = connection.getresponse()
        self.assertEqual(answer.status, 413, answer.read())
        connection.close()

    def test_small_body_that_unpacks_to_a_large_one(self):
        bomb = b"SELECT 1 -- " + b"x" * 200000
        for body, more in (
            (gzip.compress(bomb), {"headers": {"Content-Encoding": "gzip"}}),
            (zstandard.ZstdCompressor().compress(bomb), {"headers": {"Content-Encoding": "zstd"}}),
            (compression.Frames("LZ4").pack(bomb), {"decompress": "1"}),
        ):
            self.check_exception(self.front.ask(body=body, **more), 413, 229, "QUERY_IS_TOO_LARGE")

    def test_bad_framing(self):
        for head, status in (
            ("POST / HTTP/1.1\r\nHost: x\r\n\r\n", 411),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("nonsense\r\n\r\n", 400),
        ):
            with (
                self.subTest(head),
                socket.create_connection((self.front.host, self.front.port), timeout=20) as connection,
            ):
                connection.sendall(head.encode())
                connection.shutdown(socket.SHUT_WR)
                got = b"".join(iter(lambda: connection.recv(65536), b""))
                self.assertTrue(got.startswith(b"HTTP/1.1 %d " % status), got)

    def test_length_required_is_an_exception(self):
        with socket.create_connection((self.front.host, self.front.port), timeout=10) as connection:
            connection.sendall(b"POST /?query=SELECT+1 HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b"X-ClickHouse-Exception-Code: 381\r\n", connection.recv(65536))
