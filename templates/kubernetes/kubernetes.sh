#!/bin/bash
# What the steps and tasks of Kubernetes share.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/certificates.sh"

export KUBERNETES=$BAYOU_ROOT/etc/kubernetes
export PKI=$KUBERNETES/pki
export UNITS=$BAYOU_ROOT/etc/systemd/system
export PATH=$BAYOU_PROGRAM/kubernetes/bin:$PATH

# setting NAME...: a value of the settings that may stand in a command line, a unit or a file of YAML.
setting() {
  local value
  value=$(node_value settings "$@")
  plain "$*" "$value"
}

# plain NAME VALUE: the value, if it means nothing but itself wherever it is put.
plain() {
  if ! [[ $2 =~ ^[A-Za-z0-9_./:,=@+-]*$ ]]; then
    echo "the setting $1 has characters that it may not have" >&2
    return 1
  fi
  echo "$2"
}

# program NAME: its path, wherever it was installed.
program() {
  command -v "$1" || {
    echo "there is no $1: it is neither on the image nor in the mirror's bill of materials" >&2
    return 1
  }
}

# certificate PROFILE AUTHORITY MARK: pki/PROFILE.key and .crt; the authority's is pki/AUTHORITY-ca.crt.
certificate() {
  get_certificate "$1" "$3" "$PKI/$1.key" "$PKI/$1.crt" "$PKI/$2-ca.crt"
}

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

# unit PROGRAM AFTER ARGUMENT...: a service that is started again whenever it ends.
unit() {
  local name=$1 after=$2 path argument
  path=$(program "$name")
  shift 2
  cat <<END
[Unit]
Description=$name of the Kubernetes cluster
Wants=network-online.target
After=network-online.target $after
StartLimitIntervalSec=0
[Service]
ExecStart=$path \\
END
  for argument in "$@"; do printf '  %s \\\n' "$argument"; done
  cat <<END

Restart=always
RestartSec=2
# An API that ends takes no new connection, and would wait a minute for clients that watch.
TimeoutStopSec=10
LimitNOFILE=1048576
Environment=PATH=$PATH
[Install]
WantedBy=multi-user.target
END
}

# start NAME...: each service that is not as its unit and files say, by the marks that put and get_certificate left.
start() {
  local name
  systemctl daemon-reload
  for name in "$@"; do
    systemctl enable --quiet "$name.service"
    if [ -e "$BAYOU_STATE/$name-restart" ]; then
      systemctl restart --no-block "$name.service"
      rm "$BAYOU_STATE/$name-restart"
    fi
  done
}

# api PROFILE PATH: asks the API of the node's settings in the name of that profile. To curl by its own name it would
# answer in many lines.
api() {
  curl --user-agent bayou --compressed --silent --fail --noproxy '*' --max-time 10 --cacert "$PKI/cluster-ca.crt" --cert "$PKI/$1.crt" --key "$PKI/$1.key" \
    "https://$(setting api_host):$(setting api_port)$2"
}

# etcd_has_quorum: whether this master's member of etcd knows who leads.
etcd_has_quorum() {
  curl --silent --fail --noproxy '*' --max-time 5 --cacert "$PKI/etcd-ca.crt" --cert "$PKI/etcd-client.crt" \
    --key "$PKI/etcd-client.key" https://127.0.0.1:2379/health | grep -q '"health": *"true"'
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

# until_true SECONDS COMMAND...: false when it did not become true in that time.
until_true() {
  local end=$(($(date +%s) + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if [ "$(date +%s)" -ge "$end" ]; then return 1; fi
    sleep 1
  done
}

# journal UNIT: the end of what it says, for the report of a step that failed.
journal() {
  journalctl --unit "$1.service" --lines 8 --no-pager --output cat || true
}
