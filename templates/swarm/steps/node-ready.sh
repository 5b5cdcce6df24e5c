#!/bin/bash
# Done when Docker says that the node is an active member.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/swarm.sh"

state=unknown
for ((attempt = 0; attempt < 60; attempt++)); do
  state=$(swarm_state || echo unreachable)
  if [ "$state" = active ]; then exit 0; fi
  sleep 1
done
echo "Docker says that the node is $state in the Swarm"
# It reaches no manager.
if [ "$state" = pending ]; then exit "$BAYOU_WAITS"; fi
exit 1
