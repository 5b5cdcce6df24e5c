#!/bin/bash
# kubelet and kube-proxy, and the service that keeps routes to the pods of other nodes.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"

mark=$BAYOU_STATE/kubelet-restart
proxy_mark=$BAYOU_STATE/kube-proxy-restart
name=$(plain name "$(node_value node name)")
address=$(plain address "$(node_value node address)")
if [ -z "$address" ]; then address=$(ip -o -4 route get "$(setting api_host)" | sed -n 's/.* src \([0-9.]*\).*/\1/p'); fi

if [ ! -s "$PKI/cluster-ca.crt" ]; then get_authority cluster "$PKI/cluster-ca.crt"; fi
certificate kubelet nodes "$mark"
certificate kubelet-server nodes "$mark"
certificate kube-proxy nodes "$proxy_mark"
kubeconfig kubelet | put "$mark" "$KUBERNETES/kubelet.conf" 0600
kubeconfig kube-proxy | put "$proxy_mark" "$KUBERNETES/kube-proxy.conf" 0600

cgroup_driver=$(setting cgroup_driver)
dns_address=$(setting dns_address)
dns_domain=$(setting dns_domain)
pods=$(setting pod_network)

# Names of the node's resolver only: that of the machine's own service would be asked by pods at their loopback.
resolver=/etc/resolv.conf
if [ -e "$BAYOU_ROOT/run/systemd/resolve/resolv.conf" ]; then resolver=/run/systemd/resolve/resolv.conf; fi

kubelet_config() {
  cat <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 0.0.0.0
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: $PKI/nodes-ca.crt}
authorization: {mode: Webhook}
cgroupDriver: $cgroup_driver
clusterDNS: [$dns_address]
clusterDomain: "$dns_domain"
failSwapOn: false
readOnlyPort: 0
resolvConf: $resolver
rotateCertificates: false
serializeImagePulls: false
tlsCertFile: $PKI/kubelet-server.crt
tlsPrivateKeyFile: $PKI/kubelet-server.key
END
}

proxy_config() {
  cat <<END
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
bindAddress: 0.0.0.0
clientConnection: {kubeconfig: $KUBERNETES/kube-proxy.conf}
clusterCIDR: $pods
# The limits of the machine's connection table are the machine's.
conntrack: {maxPerCore: 0, min: 0, tcpCloseWaitTimeout: 0s, tcpEstablishedTimeout: 0s}
hostnameOverride: $name
mode: iptables
END
}

list() {
  local IFS=,
  echo "$*"
}

mapfile -t options < <(node_value settings kubelet_options '*')
mapfile -t labels < <(node_value settings node_labels '*')
for label in "${labels[@]}"; do
  if ! [[ $label =~ ^[A-Za-z0-9./_-]+=[A-Za-z0-9._-]*$ ]]; then
    echo "\"$label\" is no label of a node"
    exit 1
  fi
done
taints=()
while IFS='|' read -r key value effect; do
  taints+=("$key=$value:$effect")
done < <(json_rows "$BAYOU_NODE" settings node_taints -- key value effect)
arguments=(
  "--config=$KUBERNETES/kubelet.yaml" "--kubeconfig=$KUBERNETES/kubelet.conf"
  --container-runtime-endpoint=unix:///run/containerd/containerd.sock
  "--hostname-override=$name" "--node-ip=$address" "--node-labels=$(plain labels "$(list "${labels[@]}")")"
)
if [ "${#taints[@]}" -gt 0 ]; then arguments+=("--register-with-taints=$(plain taints "$(list "${taints[@]}")")"); fi
for option in "${options[@]}"; do arguments+=("$(plain option "$option")"); done

kubelet_config | put "$mark" "$KUBERNETES/kubelet.yaml" 0600
proxy_config | put "$proxy_mark" "$KUBERNETES/kube-proxy.yaml" 0600
unit kubelet containerd.service "${arguments[@]}" >"$BAYOU_STATE/unit"
put "$mark" "$UNITS/kubelet.service" 0644 <"$BAYOU_STATE/unit"
unit kube-proxy network.target "--config=$KUBERNETES/kube-proxy.yaml" >"$BAYOU_STATE/unit"
put "$proxy_mark" "$UNITS/kube-proxy.service" 0644 <"$BAYOU_STATE/unit"
PATH=$BAYOU_PROGRAM:$PATH unit node-routes.sh network.target >"$BAYOU_STATE/unit"
put "$BAYOU_STATE/node-routes-restart" "$UNITS/node-routes.service" 0644 <"$BAYOU_STATE/unit"
start node-routes kubelet kube-proxy
