#!/bin/bash
# There is a new login for the registry.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"

"$BAYOU_PROGRAM/steps/registry.sh"
echo "the registry has the newest login"
