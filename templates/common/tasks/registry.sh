#!/bin/bash
# There is a new login for the registry.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"

take_turn
"$BAYOU_PROGRAM/steps/registry.sh" 9>&-
echo "the registry has the newest login"
