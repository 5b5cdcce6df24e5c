#!/bin/bash
# What the Marathon of this master starts is registered in etcd while it leads.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/mesos.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/discovery.sh"

name=marathon-registrar
address=$(plain address "$(node_value node address)")
discovery_unit registrar.py 'Services of Marathon for etcd' etcd-client https://127.0.0.1:2379 "MARATHON=$address:8080" |
  put "$BAYOU_STATE/$name-restart" "$UNITS/$name.service" 0644
start "$name"
