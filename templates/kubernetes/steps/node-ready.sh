#!/bin/bash
# Done when the API says that the node is Ready. A master then gets the label by which what holds the cluster's credential
# finds masters: no kubelet may give it to itself.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"

name=$(node_value node name)
# shellcheck disable=SC2317 # by its name
is_ready() {
  api kubelet "/api/v1/nodes/$name" >"$BAYOU_STATE/node-object.json" && [ "$(condition Ready)" = True ]
}

# condition TYPE [FIELD]: `True`, `False` or `Unknown`, or another field.
condition() {
  local type value
  while IFS='|' read -r type value; do
    if [ "$type" = "$1" ]; then echo "$value"; fi
  done < <(json_rows "$BAYOU_STATE/node-object.json" status conditions -- type "${2:-status}")
}

# What the pods of this node wait for, of which one may be its network.
troubles() {
  local path="/api/v1/pods?fieldSelector=spec.nodeName%3D$name" pods=$BAYOU_STATE/pods.json kind
  if ! api kubelet "$path" >"$pods"; then return 0; fi
  for kind in initContainerStatuses containerStatuses; do
    json_value "$pods" items '*' status "$kind" '*' state waiting message
  done | tr '\n' ' ' | cut -c 1-400
}

# shellcheck disable=SC2317 # by its name
mark() {
  kubectl --kubeconfig "$KUBERNETES/node-manager.conf" --request-timeout 10s label node "$name" --overwrite \
    node-restriction.kubernetes.io/bayou-role=master
}

if until_true "$(setting ready_seconds)" is_ready; then
  if [ "$(node_value node role)" != master ] || until_true 60 mark; then exit 0; fi
  # The first one gives all of them the right to.
  echo "the API does not let this master label itself: the first master is not as far yet"
  exit "$BAYOU_WAITS"
fi
if [ -s "$BAYOU_STATE/node-object.json" ]; then
  waiting=$(troubles)
  echo "Kubernetes says that the node is not ready: $(condition Ready message)${waiting:+; its pods wait: $waiting}"
  exit "$BAYOU_WAITS"
fi
echo "the end of the journal of kubelet:"
journal kubelet
give_up "the API at $(setting api_host) does not know this node"
