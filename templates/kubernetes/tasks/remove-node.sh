#!/bin/bash
# remove-node PARAMS: makes Kubernetes forget a node whose server is gone; `node` by name. Runs on a master.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"

node=$(plain node "$(json_value "$1" node)")
kubectl --kubeconfig "$KUBERNETES/node-manager.conf" --request-timeout 30s delete node "$node" --ignore-not-found
