#!/bin/bash
# What tasks share that put something into the cluster as the user bayou:addons, with a certificate that is good for an
# hour and stays no longer than the task.
set -euo pipefail

# as_addons FOLDER ARGUMENT...: kubectl with the certificate that get_addons_certificate left there.
as_addons() {
  local own=$1
  shift
  kubectl --kubeconfig /dev/null --server "https://$(setting api_host):$(setting api_port)" --request-timeout 30s \
    --certificate-authority "$PKI/cluster-ca.crt" --client-certificate "$own/addons.crt" --client-key "$own/addons.key" "$@"
}

# get_addons_certificate FOLDER
get_addons_certificate() {
  get_certificate addons "$1/asked" "$1/addons.key" "$1/addons.crt" "$PKI/nodes-ca.crt"
}

# cloud_conf CREDENTIAL, of which json_flat has made lines: cloud.conf of what uses the cloud, as gophercloud reads it.
cloud_conf() {
  local id secret url region
  id=$(plain id "$(flat_value "$1" id)")
  secret=$(plain secret "$(flat_value "$1" secret)")
  url=$(plain auth_url "$(flat_value "$1" auth_url)")
  region=$(plain region "$(flat_value "$1" region)")
  printf '[Global]\nauth-url="%s"\napplication-credential-id="%s"\napplication-credential-secret="%s"\n' "$url" "$id" "$secret"
  if [ -n "$region" ]; then printf 'region="%s"\n' "$region"; fi
  if [ -n "$(flat_value "$1" ca)" ]; then echo 'ca-file="/etc/config/ca.crt"'; fi
  network=$(setting cloud floating_network)
  if [ -n "$network" ]; then printf '[LoadBalancer]\nfloating-network-id="%s"\n' "$network"; fi
}

# put_cloud_config FOLDER: the Secret cloud-config of kube-system. Of the credential nothing stays on the disk but there,
# which whoever asked for it removes.
put_cloud_config() {
  call GET /v1/secrets/cloud-credential "$1/credential.answer"
  json_value "$1/credential.answer" value >"$1/credential.json"
  json_flat "$1/credential.json" >"$1/credential"
  cloud_conf "$1/credential" >"$1/cloud.conf"
  flat_value "$1/credential" ca >"$1/ca.crt"
  {
    printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: cloud-config, namespace: kube-system}\ndata:\n'
    printf '  cloud.conf: %s\n  ca.crt: "%s"\n' "$(base64 --wrap 0 <"$1/cloud.conf")" "$(base64 --wrap 0 <"$1/ca.crt")"
  } >"$1/cloud-config.yaml"
  until_true 60 as_addons "$1" apply --filename "$1/cloud-config.yaml" && return 0
  echo "the API does not take the Secret cloud-config"
  return 1
}
