#!/bin/bash
# check-upgrade PARAMS: what would be in the way of `version`, and of the pods of the nodes `moving` (names with commas
# between), which move one node after the other. The last line says it. Runs on a master.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"

version=$(json_value "$1" version)
[[ $version =~ ^v1\.([0-9]{1,3})\.[0-9]{1,3}$ ]]
minor=${BASH_REMATCH[1]}
manager=(kubectl --kubeconfig "$KUBERNETES/node-manager.conf" --request-timeout 30s)
moving=$(plain moving "$(json_value "$1" moving)")
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

# For each node of `moving` whose pods the others have no room for, as far as that is sure: what its pods ask for at least,
# and all that is free on the others. Counted are pods that come back elsewhere and stay away from nodes with taints; the
# scheduler may have further reasons.
cramped_nodes() {
  local nodes pods
  nodes=$("${manager[@]}" get nodes --output 'jsonpath={range .items[*]}{.metadata.name}|{.spec.unschedulable}|{.spec.taints[*].effect}|{.status.allocatable.cpu}|{.status.allocatable.memory}{"\n"}{end}') || return 1
  pods=$("${manager[@]}" get pods --all-namespaces --field-selector 'status.phase!=Succeeded,status.phase!=Failed' --output \
    'jsonpath={range .items[*]}{.spec.nodeName}|{.metadata.ownerReferences[*].kind}|{.spec.tolerations[*].key}|{.spec.tolerations[*].operator}|{.spec.containers[*].resources.requests.cpu}|{.spec.containers[*].resources.requests.memory}{"\n"}{end}') || return 1
  MOVING=$moving awk -F '|' "$room_program" <(echo "$nodes") <(echo "$pods")
}

# shellcheck disable=SC2016 # it is awk's
room_program='
  # of(QUANTITIES): their sum, without units (kubernetes.io, "Quantity").
  function of(list, parts, count, i, unit, sum) {
    count = split(list, parts, " ")
    for (i = 1; i <= count; i++) {
      unit = parts[i]
      gsub(/^[0-9.]+/, "", unit)
      sum += parts[i] * (unit in SIZE ? SIZE[unit] : 0)
    }
    return sum + 0
  }
  BEGIN {
    SIZE[""] = 1; SIZE["m"] = 0.001
    split("k M G T P E", decimal, " ")
    for (i = 1; i <= 6; i++) { SIZE[decimal[i]] = 1000 ^ i; SIZE[toupper(decimal[i]) "i"] = 1024 ^ i }
    DEFAULT = "node.kubernetes.io/not-ready node.kubernetes.io/unreachable"
    count = split(ENVIRON["MOVING"], subjects, ",")
  }
  NR == FNR {
    if ($2 == "" && $3 !~ /NoSchedule|NoExecute/) { cores[$1] = of($4); memory[$1] = of($5) }
    next
  }
  {
    cores[$1] -= of($5); memory[$1] -= of($6)
    if ($2 ~ /^(ReplicaSet|StatefulSet|ReplicationController|Job)$/ && $3 == DEFAULT && $4 == "Exists Exists") {
      askedCores[$1] += of($5); askedMemory[$1] += of($6)
    }
  }
  END {
    for (i = 1; i <= count; i++) {
      name = subjects[i]
      freeCores = freeMemory = 0
      for (other in cores) {
        if (other == name) continue
        if (cores[other] > 0) freeCores += cores[other]
        if (memory[other] > 0) freeMemory += memory[other]
      }
      if (askedCores[name] <= freeCores && askedMemory[name] <= freeMemory) continue
      printf "%s (needs %.1f cores, %d MiB; %.1f cores, %d MiB are free elsewhere)\n", name,
        askedCores[name], askedMemory[name] / 1048576, freeCores, freeMemory / 1048576
    }
  }
'

# note WORDS LIST: an obstacle, if the list has anything.
note() {
  if [ -n "$2" ]; then found+=("$1 $(head -n 10 <<<"$2" | paste -sd ' ' | cut -c 1-300)"); fi
}

# What can't be looked at, as by a master without the right, is no obstacle.
if list=$(removed_apis); then note "APIs in use that $version does not have:" "$list"; else echo 'the APIs in use are not known'; fi
if [ -n "$moving" ]; then
  if list=$(cramped_nodes); then note 'no room for the pods of' "$list"; else echo 'the room on nodes is not known'; fi
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
