#!/bin/bash
# JSON with jq, for images without Python. The same functions as in json-python3.sh.
set -euo pipefail

# json_value FILE KEY...: the value there, nothing when there is none. `*` stands for each item of a list.
json_value() {
  jq -r '
    def walk($keys):
      if ($keys | length) == 0 then .
      elif $keys[0] == "*" then (if type == "array" then .[] else empty end) | walk($keys[1:])
      elif type == "object" and has($keys[0]) then .[$keys[0]] | walk($keys[1:])
      else empty end;
    walk($ARGS.positional) | if type == "string" then . elif . == null then empty else tojson end
  ' "$1" --args -- "${@:2}"
}

# json_flat FILE: a line for each value, of objects and lists too: its keys, a tab, and what json_value prints of it, with
# U+001E for the ends of lines.
json_flat() {
  jq -r '
    def flat($keys):
      select(. != null)
      | (select($keys != []) | "\($keys | join(" "))\t\(if type == "string" then . else tojson end | gsub("\n"; "\u001e"))"),
        (if type == "object" then to_entries[] | .key as $key | .value | flat($keys + [$key])
         elif type == "array" then .[] | flat($keys + ["*"])
         else empty end);
    flat([])
  ' "$1"
}

# json_rows FILE KEY... -- FIELD...: a line for each object of the list there: its fields, between them `|`, which no
# value keeps. Lists are joined by commas.
json_rows() {
  local file=$1 keys=()
  shift
  while [ "$1" != -- ]; do
    keys+=("$1")
    shift
  done
  shift
  jq -r --argjson fields "$(json_list "$@")" '
    def text: if . == null then "" elif type == "array" then map(tostring) | join(",") else tostring end
      | gsub("[|\n]"; " ");
    getpath($ARGS.positional)? // [] | if type == "array" then .[] else empty end
    | . as $item | [$fields[] | $item[.] | text] | join("|")
  ' "$file" --args -- "${keys[@]}"
}
