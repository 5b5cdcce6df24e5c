#!/bin/bash
# An address that keepalived gives to one master whose HAProxy runs.
set -euo pipefail

# Multicast, so that a master that comes later is heard by those that do not know of it. The security group keeps other
# clusters' out. The router id is from 1 to 255; an address may end with 0.
# keepalived_config ADDRESS SHARED_ADDRESS
keepalived_config() {
  local address=$1 shared=$2 interface router_id=${2##*.}
  if [ "$router_id" = 0 ]; then router_id=255; fi
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
  virtual_router_id $router_id
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
