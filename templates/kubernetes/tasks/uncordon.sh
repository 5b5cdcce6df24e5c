#!/bin/bash
# uncordon PARAMS: work may come to a node again that was drained for a while; `node` by name. One that its owner had
# closed before stays closed. Runs on a master.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"

node=$(plain node "$(json_value "$1" node)")
manager=(kubectl --kubeconfig "$KUBERNETES/node-manager.conf" --request-timeout 30s)
if [ "$("${manager[@]}" get node "$node" --output 'jsonpath={.metadata.annotations.bayou-drained}')" != true ]; then
  echo "$node was not closed for this"
  exit 0
fi
"${manager[@]}" uncordon "$node"
"${manager[@]}" annotate node "$node" bayou-drained-
