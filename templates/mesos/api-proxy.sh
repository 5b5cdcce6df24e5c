#!/bin/bash
# HAProxy on a master, before what users reach: who shows no certificate of the authority `cluster` gets no further than the
# handshake.
set -euo pipefail

# get_api_certificate: HAProxy wants key and certificate in one file.
get_api_certificate() {
  certificate api-server cluster "$BAYOU_STATE/haproxy-restart"
  cat "$PKI/api-server.crt" "$PKI/api-server.key" | put "$BAYOU_STATE/haproxy-restart" "$PKI/api-server.pem" 0600
}

# haproxy_config SERVICE...: as name:port:public_port. Every service is asked on all masters, so that one of them is enough.
haproxy_config() {
  local service name port public
  cat <<END
global
  log /dev/log local0
  user haproxy
  group haproxy
  ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
  mode http
  log global
  option httplog
  option dontlognull
  option redispatch 1
  timeout connect 3s
  timeout http-request 30s
  # Streams of events may say nothing for a long time.
  timeout client 1h
  timeout server 1h
  default-server check inter 2s fall 2 rise 1
END
  for service in "$@"; do
    IFS=: read -r name port public <<<"$service"
    cat <<END
listen $name
  bind :$public ssl crt $PKI/api-server.pem ca-file $PKI/cluster-ca.crt verify required
  option httpchk GET $(check_path "$name")
  http-check expect status 200
END
    servers "$port"
  done
}

# check_path NAME: what the right ones answer with 200. Only the leading mesos-master does not send elsewhere (Mesos, HTTP
# endpoint /maintenance/status); followers of Marathon and Chronos pass on what they are asked.
check_path() {
  if [ "$1" = mesos ]; then echo /maintenance/status; else echo /ping; fi
}

servers() {
  local address index=0
  while IFS= read -r address; do
    echo "  server master$index $address:$1"
    index=$((index + 1))
  done < <(master_addresses)
}

configure_proxy() {
  local service services
  get_api_certificate
  mapfile -t services < <(node_value settings published_services '*')
  for service in "${services[@]}"; do plain published_services "$service" >/dev/null; done
  haproxy_config "${services[@]}" | put "$BAYOU_STATE/haproxy-restart" "$BAYOU_ROOT/etc/haproxy/haproxy.cfg" 0644
}
