#!/bin/bash
# This master's member of etcd. Who the members are is known before any of them runs.
set -euo pipefail

# etcd_has_quorum: whether this master's member of etcd knows who leads.
etcd_has_quorum() {
  curl --silent --fail --noproxy '*' --max-time 5 --cacert "$PKI/etcd-ca.crt" --cert "$PKI/etcd-client.crt" \
    --key "$PKI/etcd-client.key" https://127.0.0.1:2379/health | grep -q '"health": *"true"'
}

configure_etcd() {
  local mark=$BAYOU_STATE/etcd-restart data=/var/lib/etcd name address peer peer_address members profile peers=() arguments
  name=$(plain name "$(node_value node name)")
  address=$(plain address "$(node_value node address)")
  while IFS='|' read -r peer peer_address; do
    peers+=("$(plain name "$peer")=https://$(plain address "$peer_address"):2380")
  done < <(json_rows "$BAYOU_NODE" settings masters -- name address)
  members=$(IFS=,; echo "${peers[*]}")

  # The others refuse a member that has forgotten what it told them; alone it would begin a cluster without anything in it.
  if [ "$(node_value rebuilt)" = true ] && [ ! -d "$BAYOU_ROOT$data/member" ]; then
    echo "what the member of etcd on this master held was on the disk that the server had"
    exit 1
  fi

  for profile in etcd-server etcd-peer; do certificate "$profile" etcd "$mark"; done
  mkdir -p "$BAYOU_ROOT$data"
  chmod 0700 "$BAYOU_ROOT$data"

  # A package's own unit would start another one.
  arguments=(
    "--name=$name" "--data-dir=$data"
    "--listen-peer-urls=https://$address:2380" "--initial-advertise-peer-urls=https://$address:2380"
    "--listen-client-urls=https://$address:2379,https://127.0.0.1:2379" "--advertise-client-urls=https://$address:2379"
    "--initial-cluster=$members" "--initial-cluster-token=$(plain cluster "$(node_value cluster id)")"
    --initial-cluster-state=new
    --client-cert-auth "--trusted-ca-file=$PKI/etcd-ca.crt" "--cert-file=$PKI/etcd-server.crt" "--key-file=$PKI/etcd-server.key"
    --peer-client-cert-auth "--peer-trusted-ca-file=$PKI/etcd-ca.crt" "--peer-cert-file=$PKI/etcd-peer.crt" "--peer-key-file=$PKI/etcd-peer.key"
    --auto-compaction-retention=8 --quota-backend-bytes=4294967296
  )
  unit etcd '' "${arguments[@]}" >"$BAYOU_STATE/unit"
  put "$mark" "$UNITS/etcd.service" 0644 <"$BAYOU_STATE/unit"
  start etcd
}
