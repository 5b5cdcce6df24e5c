#!/bin/bash
# Done when the node says of itself that it is well: masters wait for the others, agents for a master that takes them in.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/mesos.sh"

# Several masters come up side by side. What does not run on this node is its own fault.
code=$BAYOU_WAITS
if until_true 120 "$BAYOU_PROGRAM/health.sh"; then exit 0; fi
echo "it is not well: $("$BAYOU_PROGRAM/health.sh" || true)"
for service in zookeeper mesos-master marathon mesos-agent haproxy; do
  if [ -e "$UNITS/$service.service" ] && ! systemctl is-active --quiet "$service.service"; then
    echo "the end of $service's journal:"
    journal "$service"
    code=1
  fi
done
exit "$code"
