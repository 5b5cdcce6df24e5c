#!/bin/bash
# What Docker says of itself, as an object of short texts; false when the node is no active member of the Swarm.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"

# count_members: how many there are and answer, and those that the Swarm has lost, managers first, as many as the node
# listener takes of them. One may have come again under the name of one that is down.
count_members() {
  awk -F '|' '
    { sub(/\..*/, "", $3) }
    $1 ~ /^[A-Z]/ { managers++ }
    $1 ~ /^(Leader|Reachable)/ { reachable++ }
    $2 == "Ready" { up++ }
    $1 != "Unreachable" && $2 != "Down" { here[$3] = 1; next }
    { lost[$1 == "" ? 2 : 1, ++count[$1 == "" ? 2 : 1]] = $3 }
    END {
      for (rank = 1; rank <= 2; rank++)
        for (i = 1; i <= count[rank]; i++) {
          name = lost[rank, i]
          longer = list == "" ? name : list "," name
          if (!(name in here) && length(longer) <= 256) list = longer
        }
      printf "managers_reachable=%d/%d\nnodes_ready=%d/%d\n", reachable, managers, up, NR
      if (list != "") print "nodes_down=" list
    }'
}

format='{{.Swarm.LocalNodeState}}|{{.Swarm.ControlAvailable}}|{{.Swarm.NodeID}}|{{.ServerVersion}}'
IFS='|' read -r state manager node_id version < <(docker info --format "$format" 2>/dev/null || echo 'unreachable|false||')
fields=("state=$state" "version=$version" "node_id=$node_id")

if [ "$manager" = true ]; then
  fields+=("role=manager")
  # Without a leader it fails: then no field says how many managers there are.
  if members=$(docker node ls --format '{{.ManagerStatus}}|{{.Status}}|{{.Hostname}}' 2>/dev/null); then
    mapfile -t counts < <(count_members <<<"$members")
    fields+=("${counts[@]}")
  fi
else
  fields+=("role=worker")
fi
json_object "${fields[@]}"
[ "$state" = active ]
