#!/bin/bash
# mesos-agent, for Mesos' own containers and Docker's.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/mesos.sh"

mark=$BAYOU_STATE/mesos-agent-restart
environment=$MESOS/executor-environment.json
address=$(own_address)
work_dir=$(setting agent work_dir)
arguments=(
  "--master=$(zookeepers mesos)" "--ip=$address" "--hostname=$address" --port=5051 "--work_dir=$work_dir"
  "--containerizers=docker,mesos" --executor_registration_timeout=5mins
  "--attributes=node:$(plain name "$(node_value node name)");group:$(setting node_group)"
)
# option NAME: as its setting says; Mesos' own default where that says nothing.
option() {
  local value
  value=$(setting agent "$1")
  if [ -n "$value" ]; then arguments+=("--$1=$value"); fi
}

option isolation
option image_providers
if [ -n "$(node_value settings agent executor_environment)" ]; then
  node_value settings agent executor_environment | put "$mark" "$environment" 0644
  arguments+=("--executor_environment_variables=file://$environment")
fi
zookeepers mesos | put "$BAYOU_STATE/zk" "$MESOS/zk" 0644
mkdir -p "$BAYOU_ROOT$work_dir"
put_unit mesos-agent docker.service "${arguments[@]}" </dev/null
start mesos-agent
