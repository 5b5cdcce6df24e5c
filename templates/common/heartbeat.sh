#!/bin/bash
# Says every few seconds, and when something changes, that the node is there and how it is. The answer brings tasks and,
# in time, the next certificate.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"

tasks=$BAYOU_STATE/tasks
answer=$BAYOU_STATE/heartbeat.answer
body=$BAYOU_STATE/heartbeat.body
health=$BAYOU_STATE/health.json
certificate=$BAYOU_STATE/node.crt
# How often it looks whether something has changed between two heartbeats.
look_seconds=5
mkdir -p "$tasks"

look() {
  ready=false
  if timeout 30 "$BAYOU_PROGRAM/health.sh" >"$health.new" 2>/dev/null; then ready=true; fi
  if [ -s "$health.new" ]; then mv "$health.new" "$health"; else echo '{}' >"$health"; fi
}

load() {
  df --output=pcent / | awk '
    function percent(value) { return sprintf("%.1f", value < 0 ? 0 : value > 100 ? 100 : value) }
    FILENAME == "-" { disk = $1 + 0 }
    /^cpu[0-9]/ { cores++ }
    FILENAME == "/proc/loadavg" { load = $1 }
    $1 == "MemTotal:" { total = $2 }
    $1 == "MemAvailable:" { available = $2 }
    END {
      printf "{\"cpu_percent\": %s, ", percent(100 * load / cores)
      printf "\"memory_percent\": %s, ", percent(100 * (total - available) / total)
      printf "\"disk_percent\": %s}\n", percent(disk)
    }' - /proc/stat /proc/loadavg /proc/meminfo
}

address() {
  local known
  known=$(node_value node address)
  if [ -z "$known" ]; then read -r known _ < <(hostname -I); fi
  echo "$known"
}

# find_finished: sets `finished` to the folders of tasks that are done, and `sent` to the answers, a list.
find_finished() {
  local folder answers=() IFS=,
  finished=()
  for folder in "$tasks"/*; do
    if [ ! -s "$folder/state" ]; then continue; fi
    tail -c 4096 "$folder/output" >"$folder/tail"
    finished+=("$folder")
    answers+=("$(json_object "id=${folder##*/}" "state@=$folder/state" "output@=$folder/tail")")
  done
  sent="[${answers[*]}]"
}

# start_task FILE: what json_flat has made of it. Ten at most are handed out at once; one that is under way goes on.
start_task() {
  local id name folder
  id=$(flat_value "$1" id)
  name=$(flat_value "$1" name)
  [[ $id =~ ^[0-9a-f-]{36}$ ]] && is_word "$name" || return 0
  folder=$tasks/$id
  if [ -s "$folder/state" ] || { [ -s "$folder/pid" ] && kill -0 "$(<"$folder/pid")" 2>/dev/null; }; then
    return 0
  fi
  mkdir -p "$folder"
  flat_value "$1" params >"$folder/params.json"
  (
    outcome=failed
    if timeout 14400 "$BAYOU_PROGRAM/tasks/$name.sh" "$folder/params.json" >"$folder/output" 2>&1; then
      outcome=succeeded
    fi
    echo "$outcome" >"$folder/state.new"
    mv "$folder/state.new" "$folder/state"
  ) &
  echo $! >"$folder/pid"
}

# When two thirds of the certificate's life are over.
renewal_time() {
  local dates start end
  dates=$(openssl x509 -noout -startdate -enddate -in "$certificate" | cut -d = -f 2 | date -f - +%s)
  start=${dates%$'\n'*}
  end=${dates#*$'\n'}
  echo $((start + (end - start) * 2 / 3))
}

beat() {
  local fields status task finished sent private
  find_finished
  fields=("ready:=$ready" "load:=$(load)" "orchestrator:=$(<"$health")" "tasks:=$sent")
  private=$(address)
  if [ -n "$private" ]; then fields+=("addresses:=$(json_object "private=$private")"); fi
  if [ "$now" -ge "$renew_at" ]; then
    new_csr "$BAYOU_STATE/node.key" "$BAYOU_STATE/node.csr"
    fields+=("csr@=$BAYOU_STATE/node.csr")
  fi
  json_object "${fields[@]}" >"$body"
  status=$(request POST /v1/heartbeat "$answer" "$body")
  case $status in
    200) ;;
    401)
      rm -f "$certificate"
      "$BAYOU_PROGRAM/enrol.sh" || exit $?
      renew_at=$(renewal_time)
      return 1
      ;;
    410) exit "$BAYOU_REFUSED" ;;
    *) return 1 ;;
  esac
  if [ "${#finished[@]}" -gt 0 ]; then rm -rf "${finished[@]}"; fi
  json_flat "$answer" >"$answer.flat"
  if [ -n "$(flat_value "$answer.flat" certificate)" ]; then
    flat_value "$answer.flat" certificate | replace "$certificate" 0600 || true
    renew_at=$(renewal_time)
  fi
  while IFS= read -r task; do
    echo "$task" >"$BAYOU_STATE/task.json"
    json_flat "$BAYOU_STATE/task.json" >"$BAYOU_STATE/task.flat"
    start_task "$BAYOU_STATE/task.flat"
  done < <(flat_value "$answer.flat" tasks '*')
}

# find_situation: sets `situation` to what makes the node speak before its time.
find_situation() {
  local states=("$tasks"/*/state)
  situation="$ready ${states[*]} $(<"$health")"
}

# What the orchestrator's services show each other has a longer life than the node's own certificate, and is looked at a day
# after the start and then each week: by one node half an hour after the other, for what is renewed starts again.
renew_services() {
  if [ ! -x "$BAYOU_PROGRAM/renew.sh" ] || [ "$now" -lt "$services_at" ]; then return 0; fi
  services_at=$((now + 604800))
  "$BAYOU_PROGRAM/renew.sh" >"$BAYOU_STATE/renew.log" 2>&1 &
}

# Whatever was under way ended with the service, and begins again when it is handed out again.
rm -f "$tasks"/*/pid
renew_at=$(renewal_time)
now=$(date +%s)
services_at=$((now + 86400 + $(node_value node ordinal) % 48 * 1800))
interval=$(node_value heartbeat_seconds)
while true; do
  look
  now=$(date +%s)
  renew_services
  if beat; then interval=$(flat_value "$answer.flat" interval_seconds); else interval=$look_seconds; fi
  find_situation
  before=$situation
  for ((waited = 0; waited < interval; waited += look_seconds)); do
    sleep $((interval - waited < look_seconds ? interval - waited : look_seconds))
    look
    find_situation
    if [ "$situation" != "$before" ]; then break; fi
  done
done
