#!/bin/bash
# rotate-ca-workloads: what Kubernetes keeps for its workloads of its authorities becomes what this master has, and what
# belongs to the system, and reads it when it starts, starts again: add-ons, and all of kube-system. Runs on a master, with a
# certificate that is good for an hour and stays no longer than this. Done twice it changes nothing.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"

own=$(mktemp -d "$BAYOU_STATE/workloads.XXXXXX")
trap 'rm -rf "$own"' EXIT
addons=(
  kubectl --kubeconfig /dev/null --server "https://$(setting api_host):$(setting api_port)" --request-timeout 30s
  --certificate-authority "$PKI/cluster-ca.crt" --client-certificate "$own/addons.crt" --client-key "$own/addons.key"
)
label=magnum.openstack.org/addon
annotation=magnum.openstack.org/authorities
left=()

# What pods find beside their tokens: the controllers write it.
# shellcheck disable=SC2317 # by its name
published() {
  local wanted
  wanted=$(base64 --wrap 0 "$PKI/cluster-ca.crt")
  "${addons[@]}" get secrets --all-namespaces --field-selector type=kubernetes.io/service-account-token \
    --output 'jsonpath={range .items[*]}{.data.ca\.crt}{"\n"}{end}' >"$own/published" || return 1
  if grep -qvxF -e "$wanted" -e '' "$own/published"; then return 1; fi
  # A ConfigMap since 1.20.
  "${addons[@]}" get configmap kube-root-ca.crt --namespace kube-system --ignore-not-found \
    --output 'jsonpath={.data.ca\.crt}' >"$own/published" || return 1
  [ ! -s "$own/published" ] || [ "$(cat "$own/published")" = "$(cat "$PKI/cluster-ca.crt")" ]
}

# list KIND OPTION...: namespace, name and the authorities that it was started with last, a line each.
list() {
  "${addons[@]}" get "$@" --output \
    'jsonpath={range .items[*]}{.metadata.namespace} {.metadata.name} {.spec.template.metadata.annotations.magnum\.openstack\.org/authorities}{"\n"}{end}'
}

# each FUNCTION: with kind, namespace, name and those authorities.
each() {
  local kind namespace name with
  for kind in daemonsets deployments statefulsets; do
    list "$kind" --all-namespaces --selector "$label" >"$own/list"
    list "$kind" --namespace kube-system >>"$own/list"
    sort -u "$own/list" >"$own/$kind"
    while read -r namespace name with; do "$1" "$kind" "$namespace" "$name" "$with"; done <"$own/$kind"
  done
}

restart() { # KIND NAMESPACE NAME WITH
  if [ "$4" = "$mark" ]; then return 0; fi
  "${addons[@]}" patch "$1" "$3" --namespace "$2" --patch \
    "{\"spec\": {\"template\": {\"metadata\": {\"annotations\": {\"$annotation\": \"$mark\"}}}}}" </dev/null
}

# kubectl watches beyond the request's limit.
await() { # KIND NAMESPACE NAME
  "${addons[@]}" rollout status "$1/$3" --namespace "$2" --request-timeout 0 --timeout 180s </dev/null || left+=("$3")
}

# Kubernetes tells APIs behind its own whom to trust here, and takes nothing away: written anew it has what there is.
count() {
  grep -c 'BEGIN CERTIFICATE' || true
}
# shellcheck disable=SC2317 # by its name
is_exact() {
  local clients proxies
  clients=$("${extension[@]}" 'jsonpath={.data.client-ca-file}')
  proxies=$("${extension[@]}" 'jsonpath={.data.requestheader-client-ca-file}')
  [ "$(count <<<"$clients") $(count <<<"$proxies")" = "$(count <"$PKI/client-ca.crt") $(count <"$PKI/front-proxy-ca.crt")" ]
}

take_turn
get_certificate addons "$own/asked" "$own/addons.key" "$own/addons.crt" "$PKI/nodes-ca.crt"
exec 9>&-
if ! until_true 180 published; then
  echo 'the controllers did not publish the authorities in 180 s'
  exit 1
fi
extension=("${addons[@]}" get configmap extension-apiserver-authentication --namespace kube-system --ignore-not-found --output)
if ! is_exact; then
  "${addons[@]}" delete configmap extension-apiserver-authentication --namespace kube-system
  if ! until_true 120 is_exact; then
    echo 'the API did not say anew whom it trusts in 120 s'
    exit 1
  fi
fi
mark=$(sha256sum <"$PKI/cluster-ca.crt" | cut -c 1-16)
each restart
each await
if [ "${#left[@]}" -gt 0 ]; then
  echo "not available since they were started again: ${left[*]}"
  exit 1
fi
echo "what runs in the cluster has what its masters have"
