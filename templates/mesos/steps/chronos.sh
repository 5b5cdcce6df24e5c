#!/bin/bash
# This master's Chronos. ZooKeeper decides which of them leads; the others pass on what they are asked.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/mesos.sh"

address=$(own_address)
framework chronos 8091 --master "$(zookeepers mesos)" --zk_hosts "$(zookeepers)" --hostname "$address" \
  --http_address "$address" --http_port 4400
