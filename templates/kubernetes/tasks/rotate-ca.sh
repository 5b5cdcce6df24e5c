#!/bin/bash
# rotate-ca: whom this node trusts, and who has signed what it holds, becomes what Bayou says now. Keys stay. Services that
# go by something that is another start again, each by the step that has set it up. Done twice it changes nothing.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"
take_turn
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/stages.sh"
name=$(plain name "$(node_value node name)")
is_master=false
if [ "$(node_value node role)" = master ]; then is_master=true; fi

# trust AUTHORITY SERVICE...: these read it when they start. The marks come first, so that whoever is stopped in between
# acts on the change next time.
trust() {
  local file=$PKI/$1-ca.crt new=$BAYOU_STATE/$1-ca.new
  get_authority "$1" "$new"
  shift
  if ! cmp -s "$new" "$file"; then
    for service in "$@"; do : >"$BAYOU_STATE/$service-restart"; done
    replace "$file" 0644 <"$new"
  fi
  rm "$new"
}

trust_all() {
  if [ "$is_master" = true ]; then
    trust cluster kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy
    trust nodes kube-apiserver kubelet
    trust etcd etcd kube-apiserver
    trust front-proxy kube-apiserver
  else
    trust cluster kubelet kube-proxy
    trust nodes kubelet
  fi
}

# started NAME...: the steps do not wait for what they start again.
started() {
  local service
  for service in "$@"; do systemctl start "$service.service"; done
}

await_etcd() {
  started etcd
  # Before the first start of the API there is no certificate to ask with.
  if [ ! -s "$PKI/etcd-client.crt" ] || until_true 120 etcd_has_quorum; then return 0; fi
  journal etcd
  echo "this master's etcd does not come back to the others"
  return 1
}

await_api() {
  started kube-apiserver kube-controller-manager kube-scheduler
  if until_true 240 api node-manager /readyz; then return 0; fi
  journal kube-apiserver
  echo "the API of this master does not get ready"
  return 1
}

# Since a kubelet renews its lease every ten seconds, a newer one was written with what it has now.
# shellcheck disable=SC2317 # by its name
has_renewed() {
  local renewed # RFC 3339
  api kubelet "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/$name" >"$BAYOU_STATE/lease.json" || return 1
  renewed=$(json_value "$BAYOU_STATE/lease.json" spec renewTime)
  [ "$(date -d "$renewed" +%s)" -gt "$1" ]
}

await_kubelet() {
  started kubelet kube-proxy
  if until_true 120 has_renewed "$EPOCHSECONDS"; then return 0; fi
  journal kubelet
  echo "kubelet does not come back to the API"
  return 1
}

stage authorities trust_all
if [ "$is_master" = true ]; then
  stage etcd "$BAYOU_PROGRAM/steps/etcd.sh"
  stage etcd await_etcd
  stage 'control plane' "$BAYOU_PROGRAM/steps/control-plane.sh"
  stage 'control plane' await_api
fi
stage kubelet "$BAYOU_PROGRAM/steps/kubelet.sh"
stage kubelet await_kubelet
stage Ready "$BAYOU_PROGRAM/steps/node-ready.sh"
echo "its certificates are those of $(openssl x509 -noout -fingerprint -sha256 -in "$PKI/nodes-ca.crt" | cut -d = -f 2 | cut -c 1-23)"
