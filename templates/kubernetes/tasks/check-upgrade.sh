#!/bin/bash
# check-upgrade PARAMS: what would be in the way of `version`; with `drains` also what would keep pods on their nodes.
# The last line says it. Runs on a master.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"

version=$(json_value "$1" version)
[[ $version =~ ^v1\.([0-9]{1,3})\.[0-9]{1,3}$ ]]
minor=${BASH_REMATCH[1]}
manager=(kubectl --kubeconfig "$KUBERNETES/node-manager.conf" --request-timeout 30s)
found=()

# What someone has asked this API for since it started, and what the new one has no more (kubernetes.io, "Deprecated API
# Migration Guide": the metric is there from 1.19 on).
removed_apis() {
  api node-manager /metrics | sed -n 's/^apiserver_requested_deprecated_apis{\(.*\)} 1$/\1/p' | while IFS= read -r labels; do
    if [[ $labels =~ removed_release=\"1\.([0-9]+)\" ]] && [ "${BASH_REMATCH[1]}" -le "$minor" ]; then
      sed 's/.*group="\([^"]*\)".*resource="\([^"]*\)".*version="\([^"]*\)".*/\2 of \1\/\3/' <<<"$labels"
    fi
  done
}

# Budgets that let not one pod go just now.
tight_budgets() {
  "${manager[@]}" get poddisruptionbudgets --all-namespaces --no-headers --output \
    'custom-columns=NS:.metadata.namespace,NAME:.metadata.name,ALLOWED:.status.disruptionsAllowed,PODS:.status.expectedPods' |
    awk '$3 == "0" && $4 ~ /^[1-9]/ { print $1 "/" $2 }'
}

# note WORDS FUNCTION: what can't be looked at, as in a cluster whose masters have no right to, is no obstacle.
note() {
  local list
  if list=$("$2" 2>"$BAYOU_STATE/check-error"); then
    if [ -n "$list" ]; then found+=("$1 $(head -n 10 <<<"$list" | paste -sd ' ' | cut -c 1-300)"); fi
  else
    echo "not looked at: $2: $(tail -n 1 "$BAYOU_STATE/check-error")"
  fi
}

note "APIs in use that $version does not have:" removed_apis
if [ "$(json_value "$1" drains)" = true ]; then note 'disruption budgets that let no pod go:' tight_budgets; fi
if [ "${#found[@]}" = 0 ]; then
  echo "nothing is in the way of $version"
  exit 0
fi
(IFS=';'; echo "${found[*]}")
exit 1
