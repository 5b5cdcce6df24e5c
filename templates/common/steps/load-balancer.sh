#!/bin/bash
# HAProxy on this master, before the API of all of them and the ports that are published, and keepalived, which gives the
# shared address to one master whose HAProxy runs. A master that has no others has no shared address.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/packages.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/shared-address.sh"

address=$(node_value node address)
shared=$(node_value settings shared_address)
port=$(node_value settings api_port)
# A task tells of masters that came or went since: then the services run, and keep their connections.
told=$BAYOU_STATE/masters
start=restart
if [ -s "$told" ]; then
  mapfile -t masters <"$told"
  start=reload-or-restart
else
  mapfile -t masters < <(node_value settings masters '*' address)
fi
mapfile -t published < <(node_value settings published_ports '*')
for value in "${published[@]}"; do
  if ! [[ $value =~ ^[0-9]{1,5}:[0-9]{1,5}$ ]]; then
    echo "\"$value\" is no pair of ports"
    exit 1
  fi
done
for value in "$address" "${shared:-$address}" "${masters[@]}"; do
  if ! [[ $value =~ ^[0-9]{1,3}(\.[0-9]{1,3}){3}$ ]]; then
    echo "\"$value\" is no address"
    exit 1
  fi
done

# Commands such as logs and events may say nothing for a long time.
haproxy_config() {
  local pair
  cat <<END
global
  log /dev/log local0
  user haproxy
  group haproxy
defaults
  mode tcp
  log global
  option dontlognull
  option clitcpka
  option srvtcpka
  # A master that has just died costs a new connection three seconds and no failure.
  option redispatch 1
  timeout connect 3s
  timeout client 1h
  timeout server 1h
  default-server check inter 3s fall 2 rise 2 on-marked-down shutdown-sessions
END
  # What a client does with one master, such as to build and then to push, takes several connections.
  if [ -n "$shared" ]; then section api "$port" "$port" 'balance source' 'hash-type consistent'; fi
  for pair in "${published[@]}"; do section "port-${pair%:*}" "${pair%:*}" "${pair#*:}" 'balance roundrobin'; done
}

# section NAME PORT SERVER_PORT LINE...
section() {
  local index name=$1 port=$2 server_port=$3
  shift 3
  printf '%s\n' "listen $name" "  bind ${shared:-$address}:$port transparent"
  printf '  %s\n' "$@"
  for index in "${!masters[@]}"; do
    echo "  server master$index ${masters[index]}:$server_port"
  done
}

services=(haproxy)
if [ -n "$shared" ]; then services+=(keepalived); fi
for service in "${services[@]}"; do need "$service" "$service"; done
install_missing
haproxy_config | put "$BAYOU_STATE/start-haproxy" "$BAYOU_ROOT/etc/haproxy/haproxy.cfg" 0644
if [ -n "$shared" ]; then
  keepalived_config "$address" "$shared" | put "$BAYOU_STATE/start-keepalived" "$BAYOU_ROOT/etc/keepalived/keepalived.conf" 0644
fi
for service in "${services[@]}"; do
  if [ -e "$BAYOU_STATE/start-$service" ]; then
    systemctl enable "$service.service"
    systemctl "$start" "$service.service"
    rm "$BAYOU_STATE/start-$service"
  fi
done
