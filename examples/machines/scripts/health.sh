#!/bin/bash
# A machine that can say so is well.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"

json_object "state=running"
