#!/bin/bash
# Docker is in the image, or comes from the distribution's packages.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/packages.sh"

if command -v docker >/dev/null && command -v dockerd >/dev/null; then
  echo "Docker is there"
  exit 0
fi
install_packages docker.io
