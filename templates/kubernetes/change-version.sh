#!/bin/bash
# What an upgrade and its way back share. Services change one after the other, each by the step that has set it up.
set -euo pipefail
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/software-files.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/stages.sh"

# What there was: node.json, the files by their names, and the version that it was kept for.
export PREVIOUS=$BAYOU_STATE/previous
services=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy)
is_master=false
if [ "$(node_value node role)" = master ]; then is_master=true; fi

is_among() {
  local name=$1
  shift
  [[ " $* " == *" $name "* ]]
}

# After the seven of each_file: the names that are meant.
install_these() {
  if is_among "$1" "${@:8}"; then install_file "$@"; fi
}

# Names of what stays as it is: set on the way back.
staying=()

install_others() {
  if ! is_among "$1" "${services[@]}" "${staying[@]}"; then install_file "$@"; fi
}

# What no other service goes by comes first, then the API: nothing may be newer than it.
change_services() {
  stage 'other software' each_file install_others
  stage 'container runtime' "$BAYOU_PROGRAM/steps/container-runtime.sh"
  if [ "$is_master" = true ]; then
    stage etcd "$BAYOU_PROGRAM/steps/etcd.sh"
    stage kube-apiserver each_file install_these kube-apiserver
    stage kube-apiserver "$BAYOU_PROGRAM/steps/control-plane.sh"
    stage controllers each_file install_these kube-controller-manager kube-scheduler
    stage controllers "$BAYOU_PROGRAM/steps/control-plane.sh"
  fi
  stage kubelet each_file install_these kubelet kube-proxy
  stage kubelet "$BAYOU_PROGRAM/steps/kubelet.sh"
  stage kubelet await_kubelet "$(setting kubernetes_version)"
  stage 'Ready' "$BAYOU_PROGRAM/steps/node-ready.sh"
}

runs_version() {
  api kubelet "/api/v1/nodes/$(node_value node name)" >"$BAYOU_STATE/node-object.json" &&
    [ "$(json_value "$BAYOU_STATE/node-object.json" status nodeInfo kubeletVersion)" = "$1" ] &&
    systemctl --quiet is-active kubelet.service kube-proxy.service
}

ends() {
  systemctl show --property NRestarts --value kubelet.service
}

# has_settled VERSION ENDS: it runs, or has ended fifteen times since.
has_settled() {
  runs_version "$1" || [ "$(ends)" -ge $(($2 + 15)) ]
}

# A kubelet that ends at once says nothing to the API, which knows the one before.
await_kubelet() {
  if until_true 120 has_settled "$1" "$(ends)" && runs_version "$1"; then return 0; fi
  journal kubelet
  # Its own words, without systemd's about it.
  echo "kubelet $1 did not come up: $(journalctl _SYSTEMD_UNIT=kubelet.service --lines 1 --no-pager --output cat || true)"
  return 1
}
