#!/bin/bash
# The two programs of service discovery as services: who writes to etcd on masters, and who reads on the edge.
set -euo pipefail

# discovery_unit PROGRAM DESCRIPTION CERTIFICATE ENDPOINTS VARIABLE=VALUE
discovery_unit() {
  cat <<END
[Unit]
Description=$2
Wants=network-online.target
After=network-online.target etcd.service haproxy.service
StartLimitIntervalSec=0
[Service]
ExecStart=$(program python3) -I $BAYOU_PROGRAM/$1
Environment=ETCDCTL_API=3 ETCDCTL_ENDPOINTS=$4 $5
Environment=ETCDCTL_CACERT=$PKI/etcd-ca.crt ETCDCTL_CERT=$PKI/$3.crt ETCDCTL_KEY=$PKI/$3.key
Restart=always
RestartSec=2
[Install]
WantedBy=multi-user.target
END
}

# edge_serves: whether HAProxy has the watcher's configuration; 8404 is for this question.
edge_serves() {
  curl --silent --fail --noproxy '*' --max-time 5 --output /dev/null http://127.0.0.1:8404/
}
