#!/bin/bash
# load-balancer PARAMS: who the managers are now; `managers` are their addresses, between them commas. HAProxy and
# keepalived read their configuration anew, if it is another, and keep the connections that there are.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"

managers=$(json_value "$1" managers)
take_turn
tr ',' '\n' <<<"$managers" | replace "$BAYOU_STATE/managers" 0600 || true
"$BAYOU_PROGRAM/steps/load-balancer.sh" 9>&-
echo "HAProxy is before $managers"
