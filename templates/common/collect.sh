#!/bin/bash
# Prints what tells how this node is, as gzipped text of bounded size: versions, resources, logs of its steps, journals. Run
# by root as a task, and over SSH by a user who may read journals and step logs, and nothing else.
set -uo pipefail

root=${BAYOU_ROOT:-}
max_bytes=204800
max_text=1572864
# Of each section; halved until all of them fit.
section_bytes=131072
units=('bayou-*' docker containerd kubelet 'kube-*' 'etcd*' haproxy keepalived 'flannel*' 'docker-registry*' 'zookeeper*'
  'mesos-*' marathon chronos cloud-init cloud-config cloud-final)

# section NAME: the end of what comes in.
section() {
  printf '\n===== %s =====\n' "$1"
  tail -c "$section_bytes"
}

# ask COMMAND...: none may keep the others waiting.
ask() {
  timeout 10 "$@" 2>&1 </dev/null
}

journal() {
  ask journalctl --quiet --no-pager --output short-iso "$@"
}

versions() {
  local program
  cat "$root/etc/os-release"
  uname -a
  for program in docker containerd kubelet etcd haproxy keepalived; do
    if command -v "$program" >/dev/null; then echo "$program: $(ask "$program" --version | head -n 1)"; fi
  done
}

resources() {
  local command
  for command in uptime 'df -h' 'df -i' 'free -m' 'ip -brief address' 'ip route'; do
    # shellcheck disable=SC2086
    ask $command
  done
}

collect() {
  local log name unit
  versions | section versions
  resources | section resources
  ask systemctl list-units --failed --plain --no-legend --no-pager | section 'failed units'
  for log in "$root/var/log/bayou"/*.log; do
    name=${log##*/}
    name=${name%.log}
    if [ -r "$log" ]; then section "step $name" <"$log"; fi
  done
  for unit in "${units[@]}"; do
    journal --lines 2000 --unit "$unit" | section "journal $unit"
  done
  journal --lines 300 --dmesg | section 'journal kernel'
  journal --lines 500 --priority warning | section 'journal warnings'
}

for ((attempt = 0; attempt < 8; attempt++)); do
  text=$(collect 2>/dev/null | tr -d '\000')
  size=$(gzip --best <<<"$text" | wc -c)
  if ((${#text} <= max_text && size <= max_bytes)); then break; fi
  section_bytes=$((section_bytes / 2))
done
gzip --best <<<"$text"
