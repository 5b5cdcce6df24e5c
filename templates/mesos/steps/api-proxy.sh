#!/bin/bash
# What users reach on this master, and keepalived, which gives the shared address of several masters to one whose HAProxy
# runs.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/mesos.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/packages.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/api-proxy.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/shared-address.sh"

shared=$(setting shared_address)
services=(haproxy)
if [ -n "$shared" ]; then services+=(keepalived); fi
for service in "${services[@]}"; do need "$service" "$service"; done
install_missing
configure_proxy
if [ -n "$shared" ]; then
  keepalived_config "$(own_address)" "$shared" |
    put "$BAYOU_STATE/keepalived-restart" "$BAYOU_ROOT/etc/keepalived/keepalived.conf" 0644
fi
start "${services[@]}"
