#!/bin/bash
# How the programs on this node are, as an object of short texts; false when the node is not well.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/mesos.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/discovery.sh"

fields=()
well=true

# say NAME WORD [BAD]: a field; with the word BAD the node is not well.
say() {
  fields+=("$1=$2")
  if [ "$2" = "${3:-down}" ]; then well=false; fi
}

# running SERVICE: ok or down.
running() {
  if systemctl is-active --quiet "$1.service"; then echo ok; else echo down; fi
}

# answering PORT PATH: ok or down.
answering() {
  if [ "$(status_of "$1" "$2")" = 200 ]; then echo ok; else echo down; fi
}

# Without a quorum it is not serving, and names no mode.
zookeeper_mode() {
  local mode
  mode=$(zookeeper_says "$1" srvr | sed -n 's/^Mode: //p' || true)
  echo "${mode:-down}"
}

# The leader answers, the others say where it is.
mesos_mode() {
  case $(status_of 5050 /maintenance/status) in
    200) echo leader ;;
    307) echo standby ;;
    *) echo down ;;
  esac
}

marathon_mode() {
  if [ "$(status_of 8080 /ping)" != 200 ]; then
    echo down
  elif ask 8080 /v2/leader 2>/dev/null | grep -qF "\"$1:8080\""; then
    echo leader
  else
    echo standby
  fi
}

# The masters whose ZooKeeper does not answer this one.
find_down() {
  local name address down=()
  while IFS='|' read -r name address; do
    if [ "$(zookeeper_says "$address" ruok || true)" != imok ]; then down+=("$name"); fi
  done < <(json_rows "$BAYOU_NODE" settings masters -- name address)
  local IFS=,
  echo "${down[*]:-}"
}

mesos_version() {
  ask "$1" /version 2>/dev/null | sed -n 's/.*"version":"\([0-9.]*\)".*/\1/p' || true
}

master_health() {
  local address down
  address=$(own_address)
  say zookeeper "$(zookeeper_mode "$address")"
  say mesos "$(mesos_mode)"
  say marathon "$(marathon_mode "$address")"
  if [ "$(setting chronos)" = true ]; then say chronos "$(answering 4400 /ping)"; fi
  if [ "$(setting service_discovery)" = true ]; then
    if etcd_has_quorum; then say etcd ok; else say etcd down; fi
    say registrar "$(running marathon-registrar)"
  fi
  say haproxy "$(running haproxy)"
  say version "$(mesos_version 5050)"
  down=$(find_down)
  if [ -n "$down" ]; then say nodes_down "$down"; fi
}

# The sum of its tasks says whether anything would move if it went.
agent_health() {
  local snapshot tasks
  if [ "$(status_of 5051 /health)" != 200 ] || ! snapshot=$(ask 5051 /metrics/snapshot); then
    say mesos down
    return 0
  fi
  # Mesos writes a slash in JSON as \/.
  snapshot=$(tr ',{}' '\n' <<<"$snapshot" | tr -d '"\\ ')
  if grep -qE '^slave/registered:1(\.0)?$' <<<"$snapshot"; then say mesos registered; else say mesos unregistered unregistered; fi
  tasks=$(awk -F : '$1 ~ "^slave/tasks_(staging|starting|running|killing)$" { sum += $2 } END { print sum + 0 }' <<<"$snapshot")
  if [ "$tasks" = 0 ]; then say work idle; else say work busy; fi
  say docker "$(running docker)"
  say version "$(mesos_version 5051)"
}

edge_health() {
  local status=/run/edge-watcher.json read_at refused
  say haproxy "$(if edge_serves; then echo ok; else echo down; fi)"
  say watcher "$(running edge-watcher)"
  # Without etcd it goes on with what it has.
  read_at=$(json_value "$status" read_at 2>/dev/null || echo 0)
  say etcd "$(if [ "$((EPOCHSECONDS - read_at))" -lt 60 ]; then echo ok; else echo away; fi)"
  refused=$(json_value "$status" refused '*' 2>/dev/null | paste -sd ';' | head -c 256 || true)
  if [ -n "$refused" ]; then say refused "$refused"; fi
}

case $(node_value node role) in
  master) master_health ;;
  edge) edge_health ;;
  *) agent_health ;;
esac
json_object "${fields[@]}"
[ "$well" = true ]
