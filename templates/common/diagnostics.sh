#!/bin/bash
# All that the cluster's own SSH key opens, a forced command of sshd: what this node tells of itself, or the way to port 22
# of a neighbour in its network, who knows the key, too.
set -euo pipefail

# is_neighbour ADDRESS: another host, and no router is between.
is_neighbour() {
  local route
  [[ $1 =~ ^[0-9a-fA-F:.]{2,45}$ ]] && route=$(ip -oneline route get "$1") &&
    ! grep -qE '(^| )(via|local|broadcast|multicast|blackhole|unreachable|prohibit) ' <<<"$route"
}

# reach ADDRESS: standard input and output are the connection.
reach() {
  exec 3<>"/dev/tcp/$1/22" 4<&0
  cat <&3 &
  cat <&4 >&3 &
  wait -n
  kill %1 %2 2>/dev/null || true
}

read -r word address <<<"${SSH_ORIGINAL_COMMAND:-collect}"
case $word in
  collect) exec "${BAYOU_ROOT:-}/opt/bayou/collect.sh" ;;
  reach)
    if ! is_neighbour "$address"; then
      echo "no neighbour" >&2
      exit 1
    fi
    reach "$address"
    ;;
  *)
    echo "collect, or reach ADDRESS" >&2
    exit 1
    ;;
esac
