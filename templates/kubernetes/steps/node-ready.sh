#!/bin/bash
# Done when the API says that the node is Ready.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"

name=$(node_value node name)
is_ready() {
  api kubelet "/api/v1/nodes/$name" >"$BAYOU_STATE/node-object.json" && [ "$(condition Ready)" = True ]
}

# condition TYPE: `True`, `False` or `Unknown`.
condition() {
  while IFS= read -r entry; do
    echo "$entry" >"$BAYOU_STATE/entry.json"
    if [ "$(json_value "$BAYOU_STATE/entry.json" type)" = "$1" ]; then json_value "$BAYOU_STATE/entry.json" "${2:-status}"; fi
  done < <(json_value "$BAYOU_STATE/node-object.json" status conditions '*')
}

if until_true 180 is_ready; then exit 0; fi
if [ -s "$BAYOU_STATE/node-object.json" ]; then
  echo "Kubernetes says that the node is not ready: $(condition Ready message)"
else
  echo "the node is not known to the API; the end of the journal of kubelet:"
  journal kubelet
fi
exit 1
