#!/bin/bash
# The API, the controllers and the scheduler on this master. All APIs serve; of the others one leads.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"

api_mark=$BAYOU_STATE/kube-apiserver-restart
address=$(plain address "$(node_value node address)")
services=$(setting service_network)
pods=$(setting pod_network)
domain=$(setting dns_domain)
port=$(setting api_port)
endpoints=()
while IFS= read -r master; do endpoints+=("https://$(plain master "$master"):2379"); done < <(node_value settings masters '*' address)

# Whoever an authority of users or of nodes has signed is believed to be who the certificate says.
client_authorities() {
  cat "$PKI/cluster-ca.crt"
  echo
  cat "$PKI/nodes-ca.crt"
}

certificate kube-apiserver cluster "$api_mark"
certificate apiserver-kubelet-client nodes "$api_mark"
certificate front-proxy-client front-proxy "$api_mark"
certificate etcd-client etcd "$api_mark"
client_authorities | put "$api_mark" "$PKI/client-ca.crt" 0644
for name in kube-controller-manager kube-scheduler node-manager; do
  certificate "$name" nodes "$BAYOU_STATE/$name-restart"
  kubeconfig "$name" | put "$BAYOU_STATE/$name-restart" "$KUBERNETES/$name.conf" 0600
done
# Every master has the same, so that a token of one is good at all.
call GET /v1/secrets/service-account-key "$BAYOU_STATE/secret.answer"
json_value "$BAYOU_STATE/secret.answer" value >"$BAYOU_STATE/service-account.key"
if ! cmp -s "$BAYOU_STATE/service-account.key" "$PKI/service-account.key"; then
  : >"$api_mark"
  : >"$BAYOU_STATE/kube-controller-manager-restart"
  replace "$PKI/service-account.key" 0600 <"$BAYOU_STATE/service-account.key" || true
fi
rm "$BAYOU_STATE/secret.answer" "$BAYOU_STATE/service-account.key"

# Of the authority that signs for users now; both in one answer, for they must belong together. Only where its owner lets
# the key leave Bayou.
signing=()
if [ "$(setting signs_requests)" = true ]; then
  call GET /v1/secrets/signing-authority "$BAYOU_STATE/secret.answer"
  json_value "$BAYOU_STATE/secret.answer" value >"$BAYOU_STATE/authority.json"
  mark=$BAYOU_STATE/kube-controller-manager-restart
  json_flat "$BAYOU_STATE/authority.json" >"$BAYOU_STATE/authority"
  flat_value "$BAYOU_STATE/authority" certificate | put "$mark" "$PKI/signing-ca.crt" 0644
  flat_value "$BAYOU_STATE/authority" key | put "$mark" "$PKI/signing-ca.key" 0600
  rm "$BAYOU_STATE/secret.answer" "$BAYOU_STATE"/authority{.json,}
  signing=("--cluster-signing-cert-file=$PKI/signing-ca.crt" "--cluster-signing-key-file=$PKI/signing-ca.key")
fi

api_arguments=(
  "--bind-address=$address" "--advertise-address=$address" "--secure-port=$port"
  "--etcd-servers=$(IFS=,; echo "${endpoints[*]}")" "--etcd-cafile=$PKI/etcd-ca.crt"
  "--etcd-certfile=$PKI/etcd-client.crt" "--etcd-keyfile=$PKI/etcd-client.key"
  "--client-ca-file=$PKI/client-ca.crt" "--tls-cert-file=$PKI/kube-apiserver.crt"
  "--tls-private-key-file=$PKI/kube-apiserver.key" --tls-min-version=VersionTLS12
  '--authorization-mode=Node,RBAC' --enable-admission-plugins=NodeRestriction --allow-privileged=true
  "--service-cluster-ip-range=$services" "--service-account-issuer=https://kubernetes.default.svc.$domain"
  "--service-account-key-file=$PKI/service-account.key" "--service-account-signing-key-file=$PKI/service-account.key"
  # Nodes are called by name: the address of a worker was not known when its certificate was described.
  "--kubelet-preferred-address-types=Hostname,InternalIP" "--kubelet-certificate-authority=$PKI/nodes-ca.crt"
  "--kubelet-client-certificate=$PKI/apiserver-kubelet-client.crt" "--kubelet-client-key=$PKI/apiserver-kubelet-client.key"
  "--requestheader-client-ca-file=$PKI/front-proxy-ca.crt" --requestheader-allowed-names=front-proxy-client
  --requestheader-extra-headers-prefix=X-Remote-Extra- --requestheader-group-headers=X-Remote-Group
  --requestheader-username-headers=X-Remote-User "--proxy-client-cert-file=$PKI/front-proxy-client.crt"
  "--proxy-client-key-file=$PKI/front-proxy-client.key" --profiling=false
)
# What shuts the ports without authentication that these two had before 1.23.
mapfile -t insecure < <(node_value settings control_plane_options '*')
for option in "${insecure[@]}"; do plain option "$option" >/dev/null; done
mapfile -t clouds < <(node_value settings controller_options '*')
for option in "${clouds[@]}"; do plain option "$option" >/dev/null; done
controller=$KUBERNETES/kube-controller-manager.conf
bits=$(setting node_network_bits)
shares=(--allocate-node-cidrs=false)
if [ -n "$bits" ]; then shares=(--allocate-node-cidrs=true "--node-cidr-mask-size=$bits"); fi
controller_arguments=(
  "--kubeconfig=$controller" "--authentication-kubeconfig=$controller" "--authorization-kubeconfig=$controller"
  --bind-address=127.0.0.1 --leader-elect=true --use-service-account-credentials=true
  "--service-account-private-key-file=$PKI/service-account.key" "--root-ca-file=$PKI/cluster-ca.crt"
  "--cluster-cidr=$pods" "--service-cluster-ip-range=$services" "${shares[@]}" --configure-cloud-routes=false
  --profiling=false "${insecure[@]}" "${clouds[@]}" "${signing[@]}"
)
scheduler=$KUBERNETES/kube-scheduler.conf
scheduler_arguments=(
  "--kubeconfig=$scheduler" "--authentication-kubeconfig=$scheduler" "--authorization-kubeconfig=$scheduler"
  --bind-address=127.0.0.1 --leader-elect=true --profiling=false "${insecure[@]}"
)

# put_unit PROGRAM AFTER ARGUMENT...
put_unit() {
  unit "$@" >"$BAYOU_STATE/unit"
  put "$BAYOU_STATE/$1-restart" "$UNITS/$1.service" 0644 <"$BAYOU_STATE/unit"
}
put_unit kube-apiserver etcd.service "${api_arguments[@]}"
put_unit kube-controller-manager kube-apiserver.service "${controller_arguments[@]}"
put_unit kube-scheduler kube-apiserver.service "${scheduler_arguments[@]}"
start kube-apiserver kube-controller-manager kube-scheduler

if ! until_true 240 api node-manager /readyz; then
  for name in etcd kube-apiserver; do
    echo "the end of the journal of $name:"
    journal "$name"
  done
  if [ "${#endpoints[@]}" -gt 1 ] && ! etcd_has_quorum; then
    echo "most of the ${#endpoints[@]} members of etcd do not answer yet; what this one says is above"
    exit "$BAYOU_WAITS"
  fi
  echo "the API of this master does not get ready; what it and etcd say is above"
  exit 1
fi
