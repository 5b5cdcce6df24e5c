#!/bin/bash
# The first manager makes the Swarm and hands the join tokens to Bayou. One whose machine was made anew joins the others.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/swarm.sh"

address=$(node_value node address)

# Of overlay networks. Docker's own choice, 10.0.0.0/8, meets the subnet that clusters usually have.
overlay_pool() {
  if [[ $address =~ ^10\.(19[2-9]|2[0-5][0-9])\. ]]; then echo 10.64.0.0/10; else echo 10.192.0.0/10; fi
}

# Whether somebody has made the Swarm before; who can't tell must not make another.
is_there() {
  local status
  status=$(request GET /v1/secrets/swarm-manager-token "$BAYOU_STATE/token.answer")
  rm -f "$BAYOU_STATE/token.answer"
  case $status in
    200) return 0 ;;
    404) return 1 ;;
  esac
  echo "Bayou does not say whether the Swarm is there"
  exit "$BAYOU_WAITS"
}

if [ "$(swarm_state)" != active ]; then
  if is_there; then
    mapfile -t managers < <(node_value settings masters '*' name)
    if [ "${#managers[@]}" -gt 1 ]; then exec "$BAYOU_PROGRAM/steps/swarm-join.sh"; fi
    echo "the Swarm was on the disk that its only manager had"
    exit 1
  fi
  docker swarm init --advertise-addr "$address" --default-addr-pool "$(overlay_pool)" --default-addr-pool-mask-length 24 \
    >/dev/null
fi
for role in manager worker; do
  docker swarm join-token --quiet "$role" >"$BAYOU_STATE/token"
  json_object "value@=$BAYOU_STATE/token" >"$BAYOU_STATE/token.body"
  call PUT "/v1/secrets/swarm-$role-token" "$BAYOU_STATE/token.answer" "$BAYOU_STATE/token.body"
done
rm -f "$BAYOU_STATE/token" "$BAYOU_STATE/token.body"
