#!/bin/bash
# What the steps and tasks of a Swarm share.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"

swarm_state() {
  docker info --format '{{.Swarm.LocalNodeState}}'
}

# find_members NAME: sets `ids` to those of the members with that host name, also of such that came and went under it.
# Fails when the Swarm does not answer: that is not the same as no member.
find_members() {
  local members id name
  ids=()
  members=$(docker node ls --format '{{.ID}} {{.Hostname}}')
  while read -r id name; do
    if [ "${name%%.*}" = "$1" ]; then ids+=("$id"); fi
  done <<<"$members"
}
