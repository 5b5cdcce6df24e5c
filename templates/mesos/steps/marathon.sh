#!/bin/bash
# This master's Marathon. ZooKeeper decides which of them leads; the others pass on what they are asked.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/mesos.sh"

address=$(own_address)
framework marathon 8090 --master "$(zookeepers mesos)" --zk "$(zookeepers marathon)" --hostname "$address" \
  --http_address "$address" --http_port 8080 --enable_features task_killing
