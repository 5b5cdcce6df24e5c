#!/bin/bash
# cloud-credential PARAMS: has the add-ons that use the cloud log in with the newest credential; `addons`, separated by
# commas, and `timeout_seconds`. They read it when they start.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/addons.sh"

names=$(plain addons "$(json_value "$1" addons)")
timeout=$(json_value "$1" timeout_seconds)
[[ $timeout =~ ^[0-9]{1,4}$ ]]
own=$(mktemp -d "$BAYOU_STATE/addon.XXXXXX")
trap 'rm -rf "$own"' EXIT

take_turn
get_addons_certificate "$own"
put_cloud_config "$own"
exec 9>&-

mapfile -t deployments < <(as_addons "$own" get deployments --namespace kube-system \
  --selector "magnum.openstack.org/addon in ($names)" --output 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}')
for name in "${deployments[@]}"; do
  as_addons "$own" rollout restart "deployment/$name" --namespace kube-system
done
for name in "${deployments[@]}"; do
  as_addons "$own" rollout status "deployment/$name" --namespace kube-system --timeout "${timeout}s"
done
echo "$names log in with the newest credential"
