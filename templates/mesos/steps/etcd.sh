#!/bin/bash
# This master's member of etcd, where services are registered. Masters may do anything in it, and the edge reads services:
# etcd takes the common name of a certificate for its user's.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/mesos.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/packages.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/etcd.sh"

ctl() {
  etcdctl --endpoints=https://127.0.0.1:2379 --cacert="$PKI/etcd-ca.crt" --cert="$PKI/etcd-client.crt" \
    --key="$PKI/etcd-client.key" "$@"
}

# user NAME: that has the role of its name.
user() {
  ctl user get "$1" || ctl user add "$1" --no-password
  ctl user grant-role "$1" "$1"
}

# The masters do it at the same time: who comes second tries again.
admit() {
  ctl role get root || ctl role add root
  ctl role get edge || ctl role add edge
  ctl role grant-permission edge --prefix=true read /bayou/
  user root
  user edge
  ctl auth enable
}

need etcd etcd-server
need etcdctl etcd-client
install_missing
configure_etcd
certificate etcd-client etcd "$BAYOU_STATE/marathon-registrar-restart"
if ! until_true 120 etcd_has_quorum; then
  echo "etcd has no quorum yet; the end of its journal:"
  journal etcd
  exit "$BAYOU_WAITS"
fi
until_true 60 admit || admit
