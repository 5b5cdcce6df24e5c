#!/bin/bash
# load-balancer PARAMS: who the masters are now; `masters` are their addresses, between them commas. HAProxy and
# keepalived read their configuration anew, if it is another, and keep the connections that there are.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"

masters=$(json_value "$1" masters)
take_turn
tr ',' '\n' <<<"$masters" | replace "$BAYOU_STATE/masters" 0600 || true
"$BAYOU_PROGRAM/steps/load-balancer.sh" 9>&-
echo "HAProxy is before $masters"
