#!/bin/bash
# What masters and the edge show, made anew where it is good for less than a month. heartbeat.sh asks each week.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/mesos.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/api-proxy.sh"

has_step() {
  node_value steps '*' | grep -qx "$1"
}

if has_step api-proxy; then
  get_api_certificate
  if [ -e "$BAYOU_STATE/haproxy-restart" ]; then
    systemctl reload-or-restart haproxy.service
    rm "$BAYOU_STATE/haproxy-restart"
  fi
fi
for step in etcd registrar edge; do
  if has_step "$step"; then "$BAYOU_PROGRAM/steps/$step.sh"; fi
done
