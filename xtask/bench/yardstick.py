"""yardstick.py DESKS IN REST URGENT: the work of the comparison, as one writes it in an afternoon.

Each JSON line is parsed, the digits of its account are masked, its desk is looked up, and it goes to one
of two files.
"""

import json
import re
import sys


def main(desks_path, in_path, rest_path, urgent_path):
    with open(desks_path) as file:
        desks = json.load(file)
    mask = re.compile("[0-9]").sub
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    with open(in_path) as lines, open(rest_path, "w", 65536) as rest, open(urgent_path, "w", 65536) as urgent:
        for line in lines:
            event = json.loads(line)
            event["account"] = mask("*", event["account"])
            event["desk"] = desks.get(event["strategy_id"], "unknown")
            is_urgent = event["component"] == "risk" and event["level"] in ("error", "critical")
            (urgent if is_urgent else rest).write(encode(event) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
