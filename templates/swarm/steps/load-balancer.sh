#!/bin/bash
# HAProxy on this manager, before the Remote API of all of them, and keepalived, which gives the shared address to one
# manager whose HAProxy runs.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/packages.sh"

restart=$BAYOU_STATE/load-balancer-restart
address=$(node_value node address)
shared=$(node_value settings shared_address)
port=$(node_value settings api_port)
mapfile -t managers < <(node_value settings managers '*' address)
for value in "$address" "$shared" "${managers[@]}"; do
  if ! [[ $value =~ ^[0-9]{1,3}(\.[0-9]{1,3}){3}$ ]]; then
    echo "\"$value\" is no address"
    exit 1
  fi
done

# Commands of the Remote API such as logs and events may say nothing for a long time.
haproxy_config() {
  local index
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
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen docker
  bind $shared:$port transparent
  balance roundrobin
  default-server check inter 5s fall 3 rise 2 on-marked-down shutdown-sessions
END
  for index in "${!managers[@]}"; do
    echo "  server manager$index ${managers[index]}:$port"
  done
}

# Multicast, so that a manager that comes later is heard by those that do not know of it. The router id is unique in the
# subnet as the address is.
keepalived_config() {
  local interface
  interface=$(ip -o -4 addr show to "$address" | awk '{ print $2; exit }')
  cat <<END
global_defs {
  enable_script_security
  script_user root
}
vrrp_script haproxy {
  script "/usr/bin/systemctl is-active --quiet haproxy.service"
  interval 2
  fall 2
  rise 2
}
vrrp_instance api {
  state BACKUP
  nopreempt
  interface $interface
  virtual_router_id ${shared##*.}
  priority 100
  advert_int 1
  virtual_ipaddress {
    $shared/32 dev $interface
  }
  track_script {
    haproxy
  }
}
END
}

# put FILE: the mark comes first, so that whoever is stopped in between restarts both next time.
put() {
  cat >"$BAYOU_STATE/put"
  if ! cmp -s "$BAYOU_STATE/put" "$1"; then
    touch "$restart"
    replace "$1" 0644 <"$BAYOU_STATE/put"
  fi
}

if ! { command -v haproxy && command -v keepalived; } >/dev/null; then
  install_packages haproxy keepalived
fi
haproxy_config | put "$BAYOU_ROOT/etc/haproxy/haproxy.cfg"
keepalived_config | put "$BAYOU_ROOT/etc/keepalived/keepalived.conf"
if [ -e "$restart" ]; then
  for service in haproxy keepalived; do
    systemctl enable "$service.service"
    systemctl restart "$service.service"
  done
  rm "$restart"
fi
