#!/bin/bash
# What Docker says of itself, as an object of short texts; false when the node is no active member of the Swarm.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"

format='{{.Swarm.LocalNodeState}}|{{.Swarm.ControlAvailable}}|{{.Swarm.NodeID}}|{{.ServerVersion}}'
IFS='|' read -r state manager node_id version < <(docker info --format "$format" 2>/dev/null || echo 'unreachable|false||')
fields=("state=$state" "version=$version" "node_id=$node_id")

if [ "$manager" = true ]; then
  fields+=("role=manager")
  # Without a leader it fails: then no field says how many managers there are.
  if members=$(docker node ls --format '{{.ManagerStatus}}|{{.Status}}' 2>/dev/null); then
    managers=$(grep -c '^[A-Z]' <<<"$members" || true)
    reachable=$(grep -cE '^(Leader|Reachable)' <<<"$members" || true)
    up=$(grep -c '|Ready$' <<<"$members" || true)
    fields+=("managers_reachable=$reachable/$managers" "nodes_ready=$up/$(wc -l <<<"$members")")
  fi
else
  fields+=("role=worker")
fi
json_object "${fields[@]}"
[ "$state" = active ]
