#!/bin/bash
# drain PARAMS: moves the work of a node to others; `node` by name, `timeout_seconds`. Disruption budgets are honoured
# until then. With `returns` it is remembered who closed the node, for uncordon. Runs on a master.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"

node=$(plain node "$(json_value "$1" node)")
timeout=$(json_value "$1" timeout_seconds)
[[ $timeout =~ ^[0-9]{1,6}$ ]]
# To kubectl 0 is no limit at all.
if [ "$timeout" = 0 ]; then timeout=1; fi
manager=(kubectl --kubeconfig "$KUBERNETES/node-manager.conf" --request-timeout 30s)

found=$("${manager[@]}" get node "$node" --ignore-not-found --output name)
if [ -z "$found" ]; then
  echo "$node is no node of the cluster"
  exit 0
fi
if [ "$(json_value "$1" returns)" = true ] &&
  [ -z "$("${manager[@]}" get node "$node" --output 'jsonpath={.spec.unschedulable}')" ]; then
  "${manager[@]}" annotate node "$node" --overwrite bayou-drained=true
fi
# The option was renamed in 1.20; the old name went with 1.23 or later.
local_data=--delete-emptydir-data
if ! kubectl drain --help | grep -q -- "$local_data"; then local_data=--delete-local-data; fi
kubectl --kubeconfig "$KUBERNETES/node-manager.conf" drain "$node" --ignore-daemonsets --force "$local_data" --timeout "${timeout}s"
