#!/bin/bash
# What the steps and tasks of Kubernetes share.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"

export KUBERNETES=$BAYOU_ROOT/etc/kubernetes
export PKI=$KUBERNETES/pki
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/services.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/etcd.sh"
export PATH=$BAYOU_PROGRAM/kubernetes/bin:$PATH

# kubeconfig PROFILE: for whoever shows that certificate to the API.
kubeconfig() {
  local host port
  host=$(setting api_host)
  port=$(setting api_port)
  cat <<END
apiVersion: v1
kind: Config
clusters: [{name: own, cluster: {server: "https://$host:$port", certificate-authority: $PKI/cluster-ca.crt}}]
users: [{name: own, user: {client-certificate: $PKI/$1.crt, client-key: $PKI/$1.key}}]
contexts: [{name: own, context: {cluster: own, user: own}}]
current-context: own
END
}

# api PROFILE PATH: asks the API of the node's settings in the name of that profile. To curl by its own name it would
# answer in many lines.
api() {
  curl --user-agent bayou --compressed --silent --fail --noproxy '*' --max-time 10 --cacert "$PKI/cluster-ca.crt" --cert "$PKI/$1.crt" --key "$PKI/$1.key" \
    "https://$(setting api_host):$(setting api_port)$2"
}

# api_serves: whether it does, to whomever.
api_serves() {
  curl --silent --fail --noproxy '*' --max-time 10 --output /dev/null --cacert "$PKI/cluster-ca.crt" \
    "https://$(setting api_host):$(setting api_port)/readyz"
}

# give_up WORDS: ends a step that the API did not let through: for good where it serves, else until it does.
give_up() {
  echo "$1"
  if api_serves; then exit 1; fi
  exit "$BAYOU_WAITS"
}

# node_states FILE: a line for each node of the API's answer: name, True when it is Ready, version, network of its pods and
# address; `-` for what is not known.
node_states() {
  if command -v python3 >/dev/null; then
    python3 -IS -c '
import json, sys

with open(sys.argv[1], encoding="utf-8") as file:
    document = json.load(file)
for node in document.get("items", [document]):
    status = node.get("status", {})
    ready = [c["status"] for c in status.get("conditions", []) if c["type"] == "Ready"]
    addresses = [a["address"] for a in status.get("addresses", []) if a["type"] == "InternalIP"]
    version = status.get("nodeInfo", {}).get("kubeletVersion")
    pods = node.get("spec", {}).get("podCIDR")
    print(node["metadata"]["name"], *(ready[:1] or "-"), version or "-", pods or "-", *(addresses[:1] or "-"))
' "$1"
  else
    jq -r '(.items // [.])[] | [.metadata.name, ([.status.conditions[]? | select(.type == "Ready").status][0] // "-"),
      (.status.nodeInfo.kubeletVersion // "-"), (.spec.podCIDR // "-"),
      ([.status.addresses[]? | select(.type == "InternalIP").address][0] // "-")] | join(" ")' "$1"
  fi
}
