#!/bin/bash
# HAProxy with what runs in the cluster, as etcd says. Its configuration is the watcher's.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/mesos.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/packages.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/discovery.sh"

name=edge-watcher
mark=$BAYOU_STATE/$name-restart
endpoints=()
while IFS= read -r address; do
  endpoints+=("https://$(plain address "$address"):2379")
done < <(node_value settings masters '*' address)

need haproxy haproxy
need etcdctl etcd-client
install_missing
certificate etcd-edge etcd "$mark"
discovery_unit edge.py 'What HAProxy serves' etcd-edge "$(IFS=,; echo "${endpoints[*]}")" "EDGE_PORTS=$(setting edge_ports)" |
  put "$mark" "$UNITS/$name.service" 0644
systemctl enable --quiet haproxy.service
start "$name"
if ! until_true 120 edge_serves; then
  echo "HAProxy does not answer; the end of the watcher's journal:"
  journal "$name"
  exit 1
fi
