#!/bin/bash
# This master's ZooKeeper. Who the members are is known before any of them runs.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/mesos.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/packages.sh"

mark=$BAYOU_STATE/zookeeper-restart
data=/var/lib/zookeeper
config=/etc/mesos/zoo.cfg
address=$(own_address)
mapfile -t members < <(master_addresses)

# Whoever is alone is no member of anything. The words are what health.sh asks by.
zoo_cfg() {
  local index
  cat <<END
tickTime=2000
initLimit=10
syncLimit=5
dataDir=$data
clientPort=2181
autopurge.snapRetainCount=3
autopurge.purgeInterval=24
admin.enableServer=false
4lw.commands.whitelist=ruok,srvr
END
  if [ "${#members[@]}" = 1 ]; then return 0; fi
  for index in "${!members[@]}"; do echo "server.$((index + 1))=${members[index]}:2888:3888"; done
}

my_id() {
  local index
  for index in "${!members[@]}"; do
    if [ "${members[index]}" = "$address" ]; then echo $((index + 1)); fi
  done
}

# The package's environment has the class path, which differs from one version to the next.
zookeeper_unit() {
  cat <<END
[Unit]
Description=ZooKeeper of the cluster
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0
[Service]
User=zookeeper
EnvironmentFile=/etc/zookeeper/conf/environment
ExecStart=/usr/bin/java -Dzookeeper.root.logger=INFO,CONSOLE -Dzookeeper.log.dir=/var/log/zookeeper \\
  -Dzookeeper.4lw.commands.whitelist=ruok,srvr -Djava.net.preferIPv4Stack=true \\
  org.apache.zookeeper.server.quorum.QuorumPeerMain $config
Restart=always
RestartSec=2
# Java ends with it when it is told to.
SuccessExitStatus=143
LimitNOFILE=1048576
[Install]
WantedBy=multi-user.target
END
}

if ! [ -e /usr/share/java/zookeeper.jar ]; then install_packages zookeeper; fi
zoo_cfg | put "$mark" "$BAYOU_ROOT$config" 0644
# Its own user passes through the folder.
chmod 0755 "$MESOS"
my_id | put "$mark" "$BAYOU_ROOT$data/myid" 0644
zookeeper_unit | put "$mark" "$UNITS/zookeeper.service" 0644
if id zookeeper >/dev/null 2>&1; then chown zookeeper:zookeeper "$BAYOU_ROOT$data"; fi
start zookeeper
