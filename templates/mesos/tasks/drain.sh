#!/bin/bash
# drain PARAMS: ends the tasks of a node's agent for good; whoever started them starts them elsewhere. `node` by name,
# `timeout_seconds`. Runs on a master. The agent is forgotten with its last task: its server goes.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/mesos.sh"

node=$(json_value "$1" node)
timeout=$(json_value "$1" timeout_seconds)
[[ $timeout =~ ^[0-9]{1,6}$ ]]
end=$((EPOCHSECONDS + timeout))
found=()
find_agents "$node"
for agent in "${found[@]}"; do
  # Asked for once: a drain can't be changed.
  if [ "${agent#* }" != - ]; then continue; fi
  operate "{\"type\": \"DRAIN_AGENT\", \"drain_agent\": {\"agent_id\": {\"value\": \"${agent% *}\"}, \"mark_gone\": true}}" >/dev/null
done

# is_drained: whether no agent of the node has anything to do.
is_drained() {
  local agent
  find_agents "$node" || return 1
  for agent in "${found[@]}"; do
    if [ "${agent#* }" != DRAINED ]; then return 1; fi
  done
}

until is_drained; do
  if [ "$EPOCHSECONDS" -ge "$end" ]; then
    echo "after $timeout s the agent on $node still has tasks"
    exit 1
  fi
  sleep 2
done
echo "$node is drained"
