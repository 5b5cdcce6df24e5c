#!/bin/bash
# addon PARAMS: puts an add-on into the cluster and waits until it is available; `name`, `manifest` (YAML),
# `timeout_seconds`; `uses_cloud`, true when it needs the cluster's credential, and `has_pods`, false when there is nothing
# to wait for. Runs on a master, with a certificate that is good for an hour and stays no longer than this.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/addons.sh"

apply_seconds=60
own=$(mktemp -d "$BAYOU_STATE/addon.XXXXXX")
trap 'rm -rf "$own"' EXIT
params=$own/params
json_flat "$1" >"$params"
name=$(plain name "$(flat_value "$params" name)")
timeout=$(flat_value "$params" timeout_seconds)
[[ $timeout =~ ^[0-9]{1,4}$ ]]
selector=magnum.openstack.org/addon=$name

# What is in everybody's way while nothing answers behind it, such as an APIService, has this label and comes last.
when=magnum.openstack.org/when

# apply SELECTOR
# shellcheck disable=SC2317 # by its name
apply() {
  as_addons "$own" apply --filename "$own/manifest.yaml" --selector "$1" >"$own/applied" 2>&1
}

# applied SELECTOR: fails with what the API said.
applied() {
  if until_true "$apply_seconds" apply "$1"; then return 0; fi
  tail -n 5 "$own/applied"
  echo "the API does not take the manifest: $(grep -i error "$own/applied" | tail -n 1 | cut -c 1-300)"
  return 1
}

# Add-ons come side by side, but one at a time is asked for and applied.
take_turn
get_addons_certificate "$own"
if [ "$(flat_value "$params" uses_cloud)" = true ]; then put_cloud_config "$own"; fi
flat_value "$params" manifest >"$own/manifest.yaml"
applied "$when!=available"
exec 9>&-
if [ "$(flat_value "$params" has_pods)" = false ]; then
  echo "$name is there"
  exit 0
fi

# available: every Deployment of the add-on, as it was applied last.
available() {
  local states
  states=$(as_addons "$own" get deployments --all-namespaces --selector "$selector" --output \
    'jsonpath={range .items[*]}{.metadata.generation}={.status.observedGeneration} {.status.conditions[?(@.type=="Available")].status}{"\n"}{end}')
  [ -n "$states" ] && ! grep -qvE '^([0-9]+)=\1 True$' <<<"$states"
}

# troubles: what its pods wait for, a line each.
troubles() {
  as_addons "$own" get pods --all-namespaces --selector "$selector" --output \
    'jsonpath={range .items[*].status.conditions[?(@.status=="False")]}{.reason} {.message}{"\n"}{end}{range .items[*].status.containerStatuses[*].state.waiting}{.reason} {.message}{"\n"}{end}' |
    grep -vE '^(ContainersNotReady .*| *)$' |
    sed -E 's/(rpc error: code = [A-Za-z]+ desc = )?failed to pull and unpack image //; s/failed to resolve reference "[^"]*": //; s/failed to do request: //' |
    cut -c 1-400 | sort -u || true
}

end=$((EPOCHSECONDS + timeout))
seen="no pod of it was made"
until available; do
  now=$(troubles)
  # The back-off does not repeat why the image could not be had.
  if [ -n "$now" ] && ! [[ $now == *ImagePullBackOff* && $seen == *ErrImagePull* ]]; then seen=$now; fi
  # Nothing moves any more but by another image; Kubernetes goes on trying.
  if [ -n "$now" ] && ! grep -qvE '^(ImagePullBackOff|ErrImageNeverPull|InvalidImageName) ' <<<"$now"; then break; fi
  if [ "$EPOCHSECONDS" -ge "$end" ]; then break; fi
  sleep 2
done
if available; then
  if grep -q "$when: available" "$own/manifest.yaml"; then applied "$when=available"; fi
  echo "$name is available"
  exit 0
fi
seen=${seen//$'\n'/; }
echo "it is not available: ${seen:0:600}"
exit 1
