#!/bin/bash
# What the steps and tasks of Mesos share.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"

export MESOS=$BAYOU_ROOT/etc/mesos
export PKI=$MESOS/pki
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/services.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/etcd.sh"
export PATH=$BAYOU_PROGRAM/mesos/bin:$BAYOU_PROGRAM/mesos/sbin:$BAYOU_PROGRAM/marathon/bin:$BAYOU_PROGRAM/chronos/bin:$PATH

# master_addresses: a line for each.
master_addresses() {
  local address
  while IFS= read -r address; do plain address "$address"; done < <(node_value settings masters '*' address)
}

# zookeepers [PATH]: as frameworks name them, zk://a:2181,b:2181/PATH; without one as programs of Java do, a:2181,b:2181.
zookeepers() {
  local hosts
  hosts=$(master_addresses | sed 's/$/:2181/' | paste -sd ,)
  if [ $# = 0 ]; then echo "$hosts"; else echo "zk://$hosts/$1"; fi
}

# own_address: a worker's is the one that it comes to the masters by.
own_address() {
  local known
  known=$(node_value node address)
  if [ -z "$known" ]; then
    known=$(ip -o -4 route get "$(master_addresses | head -n 1)" | sed -n 's/.* src \([0-9.]*\).*/\1/p')
  fi
  plain address "$known"
}

# zookeeper_says ADDRESS WORD: its answer to one of the words of four letters, within three seconds.
zookeeper_says() {
  # shellcheck disable=SC2016 # for the other bash
  timeout 3 bash -c 'exec 3<>"/dev/tcp/$1/2181" && printf %s "$2" >&3 && cat <&3' - "$1" "$2" 2>/dev/null
}

# ask PORT PATH: what a program on this node answers; false without a 2xx.
ask() {
  curl --silent --fail --noproxy '*' --max-time 5 "http://$(own_address):$1$2"
}

# status_of PORT PATH: of that answer, 000 without one.
status_of() {
  curl --silent --noproxy '*' --max-time 5 --output /dev/null --write-out '%{http_code}' "http://$(own_address):$1$2" || true
}

# operate JSON: a call of Mesos' operator API, by whichever master leads.
operate() {
  curl --silent --show-error --fail --location --max-redirs 3 --noproxy '*' --max-time 20 \
    --header 'Content-Type: application/json' --header 'Accept: application/json' --data "$1" \
    "http://$(own_address):5050/api/v1"
}

# agents: a line for each that Mesos knows: id, name of its node, and how far it is drained; `-` for what is not known.
agents() {
  operate '{"type": "GET_AGENTS"}' | python3 -IS -c '
import json, sys

for agent in json.load(sys.stdin).get("get_agents", {}).get("agents", []):
    info = agent.get("agent_info", {})
    texts = {item.get("name"): item.get("text", {}).get("value") for item in info.get("attributes", [])}
    drained = agent.get("drain_info", {}).get("state")
    print(info["id"]["value"], texts.get("node") or "-", drained or "-")
'
}

# find_agents NAME: sets `found` to the lines of agents on that node, also of one that was there before. Fails when Mesos
# does not answer: that is not the same as no agent.
find_agents() {
  local all id name state
  found=()
  all=$(agents)
  while read -r id name state; do
    if [ "$name" = "$1" ]; then found+=("$(plain agent "$id") $state"); fi
  done <<<"$all"
}

# put_unit NAME AFTER ARGUMENT...: the program's unit; what comes on standard input is its environment, a line for each.
put_unit() {
  local line
  unit "$@" >"$BAYOU_STATE/unit"
  {
    echo '[Service]'
    while IFS= read -r line; do echo "Environment=$line"; done
  } >>"$BAYOU_STATE/unit"
  put "$BAYOU_STATE/$1-restart" "$UNITS/$1.service" 0644 <"$BAYOU_STATE/unit"
}

# framework NAME PORT ARGUMENT...: Marathon or Chronos, whom Mesos calls at that port. They are programs of Java.
framework() {
  local name=$1 port=$2 library environment
  shift 2
  environment=("LIBPROCESS_IP=$(own_address)" "LIBPROCESS_PORT=$port")
  library=$(find "$BAYOU_PROGRAM/mesos/lib" /usr/local/lib /usr/lib -maxdepth 2 -name libmesos.so 2>/dev/null | head -n 1 || true)
  if [ -n "$library" ]; then environment+=("MESOS_NATIVE_JAVA_LIBRARY=$library"); fi
  printf '%s\n' "${environment[@]}" | put_unit "$name" 'zookeeper.service mesos-master.service' "$@"
  start "$name"
}
