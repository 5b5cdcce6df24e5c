#!/bin/bash
# This master's member of etcd.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"

configure_etcd
