#!/bin/bash
# Key and certificate of the Remote API, and the authority of the clients that may use it. Docker reads them when it
# starts.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/certificates.sh"

folder=$BAYOU_ROOT/etc/docker
get_certificate docker-server "$BAYOU_STATE/docker-restart" "$folder/server-key.pem" "$folder/server.pem" "$folder/ca.pem"
