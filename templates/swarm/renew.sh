#!/bin/bash
# What Docker shows its users, made anew where it is good for less than a month: then Docker starts again. heartbeat.sh asks
# each week.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"

if node_value steps '*' | grep -qx docker-certificates; then
  "$BAYOU_PROGRAM/steps/docker-certificates.sh"
  "$BAYOU_PROGRAM/steps/docker-configure.sh"
fi
