#!/bin/bash
# remove-node PARAMS: makes the Swarm forget a node whose server is gone; `node` by name. Runs on a manager.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/swarm.sh"

node=$(json_value "$1" node)
ids=()
find_members "$node"
for id in "${ids[@]}"; do
  if [ "$(docker node inspect --format '{{.Spec.Role}}' "$id")" = manager ]; then
    docker node demote "$id"
  fi
  docker node rm --force "$id"
done
echo "$node is no member any more"
