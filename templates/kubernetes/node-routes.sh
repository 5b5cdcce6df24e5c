#!/bin/bash
# Follows the list of nodes. Without a network driver of others' this node's pods get the network that the controllers gave
# it, and routes lead to the pods of the others. Masters learn the others' names, by which the API calls kubelets. What a
# node says of itself is believed only within the network of pods.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"

look_seconds=5
# Marks the routes as ours (ip-route(8), "protocol").
protocol=76
bridge=pods0
name=$(node_value node name)
role=$(node_value node role)
pods=$(setting pod_network)
bits=$(setting node_network_bits)
driver=$(setting network_driver)
host=$(setting api_host)
list=$BAYOU_STATE/nodes.json
states=$BAYOU_STATE/nodes
ipv4='^[0-9]{1,3}(\.[0-9]{1,3}){3}$'

number() {
  local IFS=. octets
  read -ra octets <<<"$1"
  echo $(((octets[0] << 24) + (octets[1] << 16) + (octets[2] << 8) + octets[3]))
}

pods_bits=${pods#*/}
pods_start=$(($(number "${pods%/*}") >> (32 - pods_bits)))

# is_share RANGE: a node's share of the network of pods.
is_share() {
  local start
  [[ $1 =~ ^([0-9]{1,3}(\.[0-9]{1,3}){3})/$bits$ ]] || return 1
  start=$(number "${BASH_REMATCH[1]}")
  [ $((start >> (32 - pods_bits))) = "$pods_start" ] && [ $((start & ((1 << (32 - bits)) - 1))) = 0 ]
}

# That of the interface that leads to the other nodes: what pods send must fit through it.
mtu() {
  local interface
  interface=$(ip -o -4 route get "$host" | sed -n 's/.* dev \([^ ]*\).*/\1/p')
  if [ "$interface" = lo ]; then interface=$(ip -o -4 addr show to "$host" | awk '{ print $2; exit }'); fi
  cat "/sys/class/net/$interface/mtu"
}

network() {
  cat <<END
{"cniVersion": "0.3.1", "name": "bayou", "plugins": [
  {"type": "bridge", "bridge": "$bridge", "isGateway": true, "forceAddress": true, "hairpinMode": true, "mtu": $(mtu),
    "ipam": {"type": "host-local", "ranges": [[{"subnet": "$1"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
END
}

# rule --append|--insert TABLE CHAIN RULE...: once.
rule() {
  local how=$1 table=$2 chain=$3
  shift 3
  iptables --wait --table "$table" --check "$chain" "$@" 2>/dev/null ||
    iptables --wait --table "$table" "$how" "$chain" "$@"
}

# Pods go out under the node's address; flannel and Calico have rules of their own for that. With all of them pods see
# nothing of what the cloud tells machines about themselves. The rules are gone when the machine boots, and must be there
# before any pod is.
rules() {
  local metadata=169.254.169.254
  case $driver in
    routes)
      rule --append nat POSTROUTING --source "$pods" ! --destination "$pods" ! --out-interface "$bridge" --jump MASQUERADE
      rule --append filter FORWARD --source "$pods" --jump ACCEPT
      rule --append filter FORWARD --destination "$pods" --jump ACCEPT
      rule --insert filter FORWARD --in-interface "$bridge" --destination "$metadata" --jump REJECT
      ;;
    flannel) rule --insert filter FORWARD --in-interface cni0 --destination "$metadata" --jump REJECT ;;
    # In FORWARD it would come after Calico's own, which accept.
    calico) rule --insert raw PREROUTING --in-interface cali+ --destination "$metadata" --jump DROP ;;
  esac
}

# One that can't be had keeps no other from its route.
routes() {
  local wanted=" " other range address known
  while read -r other _ _ range address; do
    if ! is_share "$range" || ! [[ $address =~ $ipv4 ]] || [[ $wanted == *" $range "* ]]; then continue; fi
    wanted+="$range "
    if [ "$other" = "$name" ]; then
      network "$range" | replace "$BAYOU_ROOT/etc/cni/net.d/10-bayou.conflist" 0644 || true
    else
      ip route replace "$range" via "$address" protocol "$protocol" || echo "there is no way to $range of $other at $address"
    fi
  done <"$states"
  while read -r known _; do
    if [[ $wanted != *" $known "* ]]; then ip route delete "$known" protocol "$protocol" || true; fi
  done < <(ip route show protocol "$protocol")
}

names() {
  {
    sed '/# bayou$/d' "$BAYOU_ROOT/etc/hosts"
    while read -r other _ _ _ address; do
      if [[ $address =~ $ipv4 && $other =~ ^[a-z0-9.-]+$ && $other != "$name" ]]; then echo "$address $other # bayou"; fi
    done <"$states"
  } >"$BAYOU_STATE/hosts"
  replace "$BAYOU_ROOT/etc/hosts" 0644 <"$BAYOU_STATE/hosts" || true
}

rules
while true; do
  # From the API's memory: asked for by every node, etcd would answer nothing else.
  if api kube-proxy '/api/v1/nodes?resourceVersion=0' >"$list" 2>/dev/null && node_states "$list" >"$states.new"; then
    mv "$states.new" "$states"
    if [ "$driver" = routes ]; then routes; fi
    if [ "$role" = master ]; then names; fi
  fi
  sleep "$look_seconds"
done
