#!/bin/bash
# JSON with python3, which every image has that cloud-init sets up.
set -euo pipefail

# json_value FILE KEY...: the value there, nothing when there is none. `*` stands for each item of a list.
json_value() {
  python3 -IS -c '
import json, sys

def walk(value, keys):
    if not keys:
        yield value
    elif keys[0] == "*":
        for item in value if isinstance(value, list) else []:
            yield from walk(item, keys[1:])
    elif isinstance(value, dict) and keys[0] in value:
        yield from walk(value[keys[0]], keys[1:])

with open(sys.argv[1], encoding="utf-8") as file:
    document = json.load(file)
for value in walk(document, sys.argv[2:]):
    if isinstance(value, str):
        print(value)
    elif value is not None:
        print(json.dumps(value))
' "$@"
}

# json_flat FILE: a line for each value, of objects and lists too: its keys, a tab, and what json_value prints of it, with
# U+001E for the ends of lines.
json_flat() {
  python3 -IS -c '
import json, sys

def flat(keys, value):
    if value is None:
        return
    if keys:
        text = value if isinstance(value, str) else json.dumps(value)
        print(" ".join(keys) + "\t" + text.replace("\n", "\x1e"))
    if isinstance(value, dict):
        for key, item in value.items():
            flat(keys + [key], item)
    if isinstance(value, list):
        for item in value:
            flat(keys + ["*"], item)

with open(sys.argv[1], encoding="utf-8") as file:
    flat([], json.load(file))
' "$1"
}

# json_rows FILE KEY... -- FIELD...: a line for each object of the list there: its fields, between them `|`, which no
# value keeps. Lists are joined by commas.
json_rows() {
  python3 -IS -c '
import json, sys

fields = sys.argv[sys.argv.index("--") + 1:]
with open(sys.argv[1], encoding="utf-8") as file:
    value = json.load(file)
for key in sys.argv[2:sys.argv.index("--")]:
    value = value.get(key) if isinstance(value, dict) else None

def text(value):
    if value is None:
        return ""
    words = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return words.replace("|", " ").replace("\n", " ")

for item in value if isinstance(value, list) else []:
    print("|".join(text(item.get(field)) for field in fields))
' "$@"
}
