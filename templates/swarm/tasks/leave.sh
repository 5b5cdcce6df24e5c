#!/bin/bash
# The node itself leaves the Swarm.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/swarm.sh"

if [ "$(swarm_state)" != inactive ]; then
  docker swarm leave --force
fi
