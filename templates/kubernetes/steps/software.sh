#!/bin/bash
# What the node runs: the files of the bill of materials, from the cluster's mirror, each with its sum checked; and what
# the distribution has. What is on the image already is left as it is.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/packages.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/software-files.sh"

each_file install_file
fetch_images

need containerd containerd
need runc runc
need conntrack conntrack
need iptables iptables
need socat socat
need ipset ipset
if [ "$(setting nfs)" = true ]; then need mount.nfs nfs-common; fi
if [ "$(node_value node role)" = master ]; then need etcd etcd-server; fi
if ! { [ -x "$BAYOU_ROOT/opt/cni/bin/bridge" ] || [ -x "$BAYOU_ROOT/usr/lib/cni/bridge" ]; }; then
  missing+=(containernetworking-plugins)
fi
install_missing
for name in kubelet kube-proxy kubectl; do program "$name"; done
