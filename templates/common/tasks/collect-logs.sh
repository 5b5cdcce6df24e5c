#!/bin/bash
# collect-logs PARAMS: sends what collect.sh prints, in pieces, under the name that `upload` says.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"

upload=$(json_value "$1" upload)
[[ $upload =~ ^[0-9a-f-]{36}$ ]]
folder=$(mktemp -d "$BAYOU_STATE/collected.XXXXXX")
trap 'rm -rf "$folder"' EXIT
"$BAYOU_PROGRAM/collect.sh" >"$folder/all"
split --bytes 40960 --numeric-suffixes --suffix-length 1 "$folder/all" "$folder/piece"
pieces=("$folder"/piece*)
for number in "${!pieces[@]}"; do
  base64 --wrap 0 "${pieces[number]}" >"$folder/data"
  last=false
  if ((number == ${#pieces[@]} - 1)); then last=true; fi
  json_object "number:=$number" "last:=$last" "data@=$folder/data" >"$folder/body"
  call POST "/v1/collected/$upload" "$folder/answer" "$folder/body"
done
echo "sent $(wc -c <"$folder/all") bytes"
