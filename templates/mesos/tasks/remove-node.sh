#!/bin/bash
# remove-node PARAMS: makes Mesos forget the agent of a node whose server is gone, and its tasks; `node` by name. Runs on a
# master.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/mesos.sh"

node=$(json_value "$1" node)
found=()
find_agents "$node"
for agent in "${found[@]}"; do
  operate "{\"type\": \"MARK_AGENT_GONE\", \"mark_agent_gone\": {\"agent_id\": {\"value\": \"${agent% *}\"}}}" >/dev/null
done
echo "$node is no agent any more"
