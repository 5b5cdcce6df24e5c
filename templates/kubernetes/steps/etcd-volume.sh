#!/bin/bash
# A Cinder volume of its own for this master's member of etcd.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/volume.sh"

data=/var/lib/etcd
# On the empty folder below, after a boot without the volume, the member would have forgotten what it told the others.
mkdir -p "$UNITS/etcd.service.d"
printf '[Unit]\nRequiresMountsFor=%s\n' "$data" | put "$BAYOU_STATE/etcd-restart" "$UNITS/etcd.service.d/volume.conf" 0644
mount_volume etcd "$data" etcd
