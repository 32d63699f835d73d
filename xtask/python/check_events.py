"""check_events.py SCHEMA STUBS FILE...: what the contract generates, tried by other people's tools.

Validates lines that a router has written against the generated JSON Schema, up to 50 of each event, and
reads the generated Python types. Says what it has seen, and fails where a line does not fit or where
nothing was there to check.
"""

import ast
import collections
import gzip
import json
import sys

import jsonschema

EACH = 50


def lines(path):
    with gzip.open(path, "rt") if path.endswith(".gz") else open(path) as file:
        yield from file


def main(schema_path, stubs_path, paths):
    with open(schema_path) as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    with open(stubs_path) as file:
        stubs = ast.parse(file.read(), stubs_path)
    classes = sum(isinstance(node, ast.ClassDef) for node in stubs.body)

    seen, wrong = collections.Counter(), []
    for path in paths:
        for line in lines(path):
            event = json.loads(line)
            name = event.get("event")
            seen[name] += 1
            if seen[name] > EACH:
                continue
            error = jsonschema.exceptions.best_match(validator.iter_errors(event))
            if error is not None:
                wrong.append(f"{name}: {error.message[:200]} at {error.json_path}")

    for text in wrong[:20]:
        print(f"  {text}")
    print(f"  {sum(seen.values())} lines of {len(seen)} events, {classes} Python types, {len(wrong)} mistakes")
    return 1 if wrong or not seen or not classes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
