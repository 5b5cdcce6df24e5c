#!/bin/bash
# What Kubernetes says of the node, as an object of short texts; false when it is not Ready. Masters also say what they
# miss of the others.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"

name=$(node_value node name)
role=$(node_value node role)
list=$BAYOU_STATE/health-nodes.json
fields=("role=$role")

# missed: masters whose API does not answer this one.
missed() {
  local other address port
  port=$(setting api_port)
  while IFS='|' read -r other address; do
    if [ "$other" = "$name" ]; then continue; fi
    curl --silent --noproxy '*' --max-time 3 --output /dev/null --cacert "$PKI/cluster-ca.crt" "https://$address:$port/livez" ||
      echo "$other"
  done < <(json_rows "$BAYOU_NODE" settings masters -- name address)
}

# missing_addons FILE: those with a Deployment that is not available, or none; the file has a list of Deployments.
missing_addons() {
  local states name of
  states=$(python3 -IS - "$1" <<'END' 2>/dev/null || jq -r '.items[] | "\(.metadata.labels["magnum.openstack.org/addon"]) \([.status.conditions[]? | select(.type == "Available").status][0])"' "$1"
import json, sys
for item in json.load(open(sys.argv[1]))["items"]:
    conditions = item.get("status", {}).get("conditions", [])
    available = [c["status"] for c in conditions if c["type"] == "Available"]
    print(item["metadata"]["labels"]["magnum.openstack.org/addon"], available[0] if available else "")
END
  )
  while IFS= read -r name; do
    of=$(grep "^$(plain addon "$name") " <<<"$states" || true)
    if [ -z "$of" ] || grep -qv ' True$' <<<"$of"; then echo "$name"; fi
  done < <(node_value settings addons '*')
}

# A master sees all nodes; of another one kubelet's certificate shows its own.
profile=kubelet
path=/api/v1/nodes/$name
if [ "$role" = master ]; then
  profile=node-manager
  path='/api/v1/nodes?resourceVersion=0'
fi
states=
ready=-
if api "$profile" "$path" >"$list"; then
  states=$(node_states "$list")
  read -r _ ready version _ <<<"$(grep "^$name " <<<"$states" || true)"
  if [ -n "${version:-}" ]; then fields+=("version=$version"); fi
fi
if [ "$role" = master ]; then
  if [ -n "$states" ] && api node-manager /readyz >/dev/null; then
    fields+=("api=ok" "nodes_ready=$(grep -c '^[^ ]* True ' <<<"$states" || true)/$(wc -l <<<"$states")")
    down=$({ awk '$2 != "True" { print $1 }' <<<"$states"; missed; } | sort -u | head -c 256 | paste -sd ,)
    if [ -n "$down" ]; then fields+=("nodes_down=$down"); fi
    if api node-manager '/apis/apps/v1/deployments?labelSelector=magnum.openstack.org/addon&limit=100' >"$list"; then
      missing=$(missing_addons "$list" | head -c 256 | paste -sd ,)
      if [ -n "$missing" ]; then fields+=("addons_missing=$missing"); fi
    fi
  else
    fields+=("api=down")
    ready=-
  fi
fi
state="not ready"
if [ "$ready" = True ]; then state=ready; fi
fields+=("state=$state")
json_object "${fields[@]}"
[ "$state" = ready ]
