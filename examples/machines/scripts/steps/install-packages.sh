#!/bin/bash
# The packages that the cluster's label names.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/packages.sh"

mapfile -t packages < <(node_value settings packages '*')
if [ "${#packages[@]}" -gt 0 ]; then install_packages "${packages[@]}"; fi
