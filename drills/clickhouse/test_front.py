"""The front over real HTTP: each test says what a ClickHouse server would do, and asks for exactly that.

    python drills/clickhouse/test_front.py                                # all
    python drills/clickhouse/test_front.py test_faults                    # one file
    python drills/clickhouse/test_front.py test_faults.Faults.test_status

With the Python that `cargo xtask clickhouse` has made: `target/clickhouse-venv/bin/python`.
"""

import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
TESTS = HERE / "tests"
sys.path[:0] = [str(HERE), str(TESTS)]

if __name__ == "__main__":
    # A connection that a test forgets is one that a client would leak.
    unittest.main(
        module=None,
        argv=sys.argv if len(sys.argv) > 1 else [sys.argv[0], "discover", "-s", str(TESTS)],
        warnings="default",
    )
