#!/bin/bash
# The life of a node: it enrols, does its steps in order, then says how it is until it is switched off.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"

steps=$BAYOU_STATE/steps
logs=$BAYOU_ROOT/var/log/bayou
mkdir -p "$steps" "$logs"
# Whoever may read journals may read the logs of steps.
chgrp systemd-journal "$logs" || true
chmod 2750 "$logs"

# report STEP STATUS [LOG]: what is not heard is not said again; the heartbeat tells how the node is.
report() {
  local fields=("name=$1" "status=$2")
  if [ -n "${3:-}" ]; then
    tail -c 4096 "$3" >"$steps/tail"
    fields+=("log_tail@=$steps/tail")
  fi
  json_object "${fields[@]}" >"$steps/body"
  if call POST /v1/steps "$steps/answer" "$steps/body"; then collect_if_asked; fi
}

# A node at its steps hears of no other task: what it is asked to collect comes with the answer to a report.
collect_if_asked() {
  local upload
  # Of most answers no more has to be known.
  if [[ $(<"$steps/answer") != *'"collect"'* ]]; then return 0; fi
  upload=$(json_value "$steps/answer" collect)
  if [ -z "$upload" ]; then return 0; fi
  json_object "upload=$upload" >"$steps/collect"
  "$BAYOU_PROGRAM/tasks/collect-logs.sh" "$steps/collect" >"$steps/collected" 2>&1 || tail -n 5 "$steps/collected" >&2
}

# Tried until it works: someone may mend the cause, and Bayou decides how long it waits.
run_step() {
  local step=$1 log=$logs/$1.log delay=5 code outcome
  while [ ! -e "$steps/$step.done" ]; do
    echo "step $step"
    report "$step" started
    install -m 0640 /dev/null "$log"
    code=0
    "$BAYOU_PROGRAM/steps/$step.sh" >"$log" 2>&1 || code=$?
    case $code in
      0)
        : >"$steps/$step.done"
        report "$step" "done"
        return 0
        ;;
      "$BAYOU_WAITS") outcome=waiting ;;
      *) outcome=failed ;;
    esac
    tail -n 5 "$log" >&2 || true
    report "$step" "$outcome" "$log"
    echo "step $step: $outcome, again in $delay s" >&2
    sleep "$delay"
    delay=$((delay < 30 ? delay * 2 : 60))
  done
}

"$BAYOU_PROGRAM/diagnostics-user.sh" || echo "diagnostics over SSH won't work" >&2
"$BAYOU_PROGRAM/enrol.sh"
mapfile -t wanted < <(node_value steps '*')
for step in "${wanted[@]}"; do
  is_word "$step"
  run_step "$step"
done
exec "$BAYOU_PROGRAM/heartbeat.sh"
