#!/bin/bash
# Tasks of several stages. The last line of one that fails says where it stopped and why.
set -euo pipefail

stage_log=$BAYOU_STATE/stage.log
stage=

# stage NAME COMMAND...: not as a condition, which would take `set -e` from what it calls.
stage() {
  stage=$1
  shift
  echo "$stage"
  "$@" >"$stage_log" 2>&1 9>&-
}

end() {
  local code=$?
  if [ "$code" != 0 ] && [ -n "$stage" ]; then
    cat "$stage_log"
    echo "at $stage: $(grep -v '^[[:space:]]*$' "$stage_log" | tail -n 1)"
  fi
}
trap end EXIT
