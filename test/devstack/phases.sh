#!/usr/bin/env bash
# Runs phases of the plugin in BAYOU_DIR over the stand-in of DevStack's functions, as stack.sh, unstack.sh and clean.sh
# do: `phases.sh 'stack install' 'stack post-config'`, `phases.sh unstack`.
set -o errexit -o errtrace
trap 'echo "failed: $BASH_COMMAND" >&2' ERR

# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/functions.sh"
# shellcheck source=/dev/null
source "$BAYOU_DIR/devstack/settings"
for phase; do
    # shellcheck source=/dev/null disable=SC2086 # Two words.
    source "$BAYOU_DIR/devstack/plugin.sh" $phase
done
