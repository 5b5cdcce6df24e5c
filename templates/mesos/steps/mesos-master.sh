#!/bin/bash
# This master's mesos-master. ZooKeeper decides which of them leads.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/mesos.sh"

address=$(own_address)
zookeepers mesos | put "$BAYOU_STATE/zk" "$MESOS/zk" 0644
put_unit mesos-master zookeeper.service "--zk=$(zookeepers mesos)" "--quorum=$(setting quorum)" "--ip=$address" "--hostname=$address" \
  --port=5050 --work_dir=/var/lib/mesos "--cluster=$(setting mesos_cluster)" </dev/null
start mesos-master
