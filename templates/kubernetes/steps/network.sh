#!/bin/bash
# The first master puts the network driver into the cluster before there is any node: none is Ready without.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/addons.sh"

own=$(mktemp -d "$BAYOU_STATE/network.XXXXXX")
trap 'rm -rf "$own"' EXIT

call GET /v1/secrets/network-manifest "$own/answer"
json_value "$own/answer" value >"$own/manifest.yaml"
get_addons_certificate "$own"

# shellcheck disable=SC2317 # by its name
apply() {
  as_addons "$own" apply --filename "$own/manifest.yaml" >"$own/applied" 2>&1
}

if until_true 60 apply; then exit 0; fi
tail -n 5 "$own/applied"
give_up "the API does not take the manifest: $(grep -i error "$own/applied" | tail -n 1 | cut -c 1-300)"
