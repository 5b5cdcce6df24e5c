#!/bin/bash
# Follows the list of nodes: this node's pods get the network that the controllers gave it, and routes lead to the pods
# of the others. Masters also learn the others' names, by which the API calls kubelets.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"

look_seconds=5
# Marks the routes as ours (ip-route(8), "protocol").
protocol=76
name=$(node_value node name)
role=$(node_value node role)
pods=$(setting pod_network)
list=$BAYOU_STATE/nodes.json
states=$BAYOU_STATE/nodes
cidr='^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$'
ipv4='^[0-9]{1,3}(\.[0-9]{1,3}){3}$'

network() {
  cat <<END
{"cniVersion": "0.3.1", "name": "bayou", "plugins": [
  {"type": "bridge", "bridge": "pods0", "isGateway": true, "hairpinMode": true,
    "ipam": {"type": "host-local", "ranges": [[{"subnet": "$1"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
END
}

# rule TABLE CHAIN RULE...: once.
rule() {
  local table=$1 chain=$2
  shift 2
  iptables --wait --table "$table" --check "$chain" "$@" 2>/dev/null ||
    iptables --wait --table "$table" --append "$chain" "$@"
}

# Pods go out under the node's address, and see nothing of what the cloud tells machines about themselves.
rules() {
  rule nat POSTROUTING --source "$1" ! --destination "$pods" --match addrtype ! --dst-type LOCAL --jump MASQUERADE
  iptables --wait --check FORWARD --source "$pods" --destination 169.254.169.254 --jump REJECT 2>/dev/null ||
    iptables --wait --insert FORWARD --source "$pods" --destination 169.254.169.254 --jump REJECT
  rule filter FORWARD --source "$pods" --jump ACCEPT
  rule filter FORWARD --destination "$pods" --jump ACCEPT
}

routes() {
  local wanted=" " other range address known
  while read -r other _ _ range address; do
    if [[ $range =~ $cidr && $address =~ $ipv4 ]]; then
      if [ "$other" = "$name" ]; then
        network "$range" | replace "$BAYOU_ROOT/etc/cni/net.d/10-bayou.conflist" 0644 || true
        rules "$range"
      else
        wanted+="$range "
        ip route replace "$range" via "$address" protocol "$protocol"
      fi
    fi
  done <"$states"
  while read -r known _; do
    if [[ $wanted != *" $known "* ]]; then ip route delete "$known" protocol "$protocol"; fi
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

while true; do
  if api kube-proxy '/api/v1/nodes?limit=1000' >"$list" 2>/dev/null && node_states "$list" >"$states"; then
    routes
    if [ "$role" = master ]; then names; fi
  fi
  sleep "$look_seconds"
done
