#!/bin/bash
# Docker's own configuration and its service's. Docker is restarted only when something has changed.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"

restart=$BAYOU_STATE/docker-restart
environment=$BAYOU_ROOT/etc/docker/bayou.env

daemon_json() {
  local hosts=(unix:///var/run/docker.sock) fields=() registry driver
  # Where others may use it.
  if [ -n "$(node_value settings api_host)" ]; then
    hosts+=("tcp://$(node_value settings api_host):$(node_value settings api_port)")
    if [ "$(node_value settings tls_disabled)" != true ]; then
      fields+=(tlsverify:=true tlscacert=/etc/docker/ca.pem tlscert=/etc/docker/server.pem tlskey=/etc/docker/server-key.pem)
    fi
  fi
  driver=$(node_value settings storage_driver)
  registry=$(node_value settings insecure_registry)
  if [ -n "$driver" ]; then fields+=("storage-driver=$driver"); fi
  if [ -n "$registry" ]; then fields+=("insecure-registries:=$(json_list "$registry")"); fi
  json_object "hosts:=$(json_list "${hosts[@]}")" "${fields[@]}"
}

# As systemd.exec(5) reads an EnvironmentFile: values in double quotes, four characters escaped.
proxy_environment() {
  local key value
  # shellcheck disable=SC2001 # what matched can't be named in a replacement of bash 5.1
  for key in http_proxy https_proxy no_proxy; do
    value=$(node_value settings "$key")
    if [ -n "$value" ] && ! [[ $value =~ [^[:print:]] ]]; then
      value=$(sed 's/["\\$`]/\\&/g' <<<"$value")
      echo "${key^^}=\"$value\""
    fi
  done
}

# Debian gives the daemon its hosts on the command line, where they may not be when the configuration has them. Containers
# see nothing of what the cloud tells machines about themselves: Docker leaves DOCKER-USER to others.
drop_in() {
  local rule='DOCKER-USER --destination 169.254.169.254 --jump REJECT'
  echo '[Service]'
  echo 'ExecStart='
  echo "ExecStart=$(command -v dockerd)"
  echo 'EnvironmentFile=-/etc/docker/bayou.env'
  echo "ExecStartPost=-/bin/sh -c 'iptables --wait --check $rule || iptables --wait --insert $rule'"
}

daemon_json | put "$restart" "$BAYOU_ROOT/etc/docker/daemon.json" 0644
proxy_environment | put "$restart" "$environment" 0644
drop_in | put "$restart" "$BAYOU_ROOT/etc/systemd/system/docker.service.d/bayou.conf" 0644

if [ -e "$restart" ]; then
  systemctl daemon-reload
  systemctl enable docker.service
  systemctl restart docker.service
  rm "$restart"
elif ! systemctl is-active --quiet docker.service; then
  systemctl start docker.service
fi
docker info >/dev/null
