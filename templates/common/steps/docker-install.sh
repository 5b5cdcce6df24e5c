#!/bin/bash
# Docker is in the image, or comes from the distribution's packages.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/packages.sh"

need docker docker.io
need dockerd docker.io
install_missing
