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

# label_of LABELS NAME: of a line of metrics.
label_of() {
  sed -n "s/.*[{,]$2=\"\([^\"]*\)\".*/\1/p" <<<"{$1"
}

# Kubernetes' own garbage collector asks for all that has no newer version in its group, whether there is any or not
# (kubernetes/kubernetes#106668): so these say nothing of anybody else.
asked_by_kubernetes=' ingresses/extensions/v1beta1 podsecuritypolicies/policy/v1beta1 '

# What someone has asked this API for since it started, and what the new one has no more (kubernetes.io, "Deprecated API
# Migration Guide": the metric is there from 1.19 on).
removed_apis() {
  local labels resource version_of_api
  api node-manager /metrics | sed -n 's/^apiserver_requested_deprecated_apis{\(.*\)} 1$/\1/p' | while IFS= read -r labels; do
    if ! [[ $labels =~ removed_release=\"1\.([0-9]+)\" ]] || [ "${BASH_REMATCH[1]}" -gt "$minor" ]; then continue; fi
    resource=$(label_of "$labels" resource)
    version_of_api=$(label_of "$labels" group)/$(label_of "$labels" version)
    case $asked_by_kubernetes in *" $resource/$version_of_api "*) continue ;; esac
    echo "$resource of $version_of_api"
  done
}

# Budgets that let not one pod go just now.
tight_budgets() {
  "${manager[@]}" get poddisruptionbudgets --all-namespaces --no-headers --output \
    'custom-columns=NS:.metadata.namespace,NAME:.metadata.name,ALLOWED:.status.disruptionsAllowed,PODS:.status.expectedPods' |
    awk '$3 == "0" && $4 ~ /^[1-9]/ { print $1 "/" $2 }'
}

# note WORDS LIST: an obstacle, if the list has anything.
note() {
  if [ -n "$2" ]; then found+=("$1 $(head -n 10 <<<"$2" | paste -sd ' ' | cut -c 1-300)"); fi
}

# What can't be looked at, as by a master without the right, is no obstacle.
if list=$(removed_apis); then note "APIs in use that $version does not have:" "$list"; else echo 'the APIs in use are not known'; fi
if [ "$(json_value "$1" drains)" = true ]; then
  if list=$(tight_budgets); then note 'disruption budgets that let no pod go:' "$list"; else echo 'disruption budgets are not known'; fi
fi
if [ "${#found[@]}" = 0 ]; then
  echo "nothing is in the way of $version"
  exit 0
fi
(
  IFS=';'
  echo "${found[*]}"
)
exit 1
