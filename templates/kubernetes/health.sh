#!/bin/bash
# What Kubernetes says of the node, as an object of short texts; false when it is not Ready. Masters also say what they
# miss of the others.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"

name=$(node_value node name)
list=$BAYOU_STATE/health-nodes.json
fields=("role=$(node_value node role)")

# ready_of FILE [not]: names of nodes whose condition Ready is True, or is not.
ready_of() {
  python3 - "$@" <<'END' 2>/dev/null || jq -r --arg not "${2:-}" '(.items // [.])[] | . as $node | ([.status.conditions[]? | select(.type == "Ready").status][0] == "True") as $ready | select($ready != ($not == "not")) | $node.metadata.name' "$1"
import json, sys
document = json.load(open(sys.argv[1]))
for node in document.get("items", [document]):
    conditions = node.get("status", {}).get("conditions", [])
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    if ready != (len(sys.argv) > 2):
        print(node["metadata"]["name"])
END
}

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
  states=$(python3 - "$1" <<'END' 2>/dev/null || jq -r '.items[] | "\(.metadata.labels["magnum.openstack.org/addon"]) \([.status.conditions[]? | select(.type == "Available").status][0])"' "$1"
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

ready=false
if api kubelet "/api/v1/nodes/$name" >"$list"; then
  version=$(json_value "$list" status nodeInfo kubeletVersion)
  fields+=("version=$version")
  if [ -n "$(ready_of "$list")" ]; then ready=true; fi
fi
if [ "$(node_value node role)" = master ]; then
  if api node-manager /readyz >/dev/null && api node-manager '/api/v1/nodes?limit=1000' >"$list"; then
    fields+=("api=ok")
    down=$({ ready_of "$list" not; missed; } | sort -u | head -c 256 | paste -sd ,)
    fields+=("nodes_ready=$(ready_of "$list" | wc -l)/$({ ready_of "$list"; ready_of "$list" not; } | wc -l)")
    if [ -n "$down" ]; then fields+=("nodes_down=$down"); fi
    if api node-manager '/apis/apps/v1/deployments?labelSelector=magnum.openstack.org/addon&limit=100' >"$list"; then
      missing=$(missing_addons "$list" | head -c 256 | paste -sd ,)
      if [ -n "$missing" ]; then fields+=("addons_missing=$missing"); fi
    fi
  else
    fields+=("api=down")
    ready=false
  fi
fi
fields+=("state=$ready")
json_object "${fields[@]}"
[ "$ready" = true ]
