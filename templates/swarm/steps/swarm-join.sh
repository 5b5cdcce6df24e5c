#!/bin/bash
# Joins the Swarm with the token of its role, through whichever manager takes it in, as soon as there is one.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/swarm.sh"

answer=$BAYOU_STATE/token.answer
# Times two seconds and what the calls take; then the step fails, is reported and begins again.
attempts=150
case $(node_value node role) in
  master) secret=swarm-manager-token ;;
  *) secret=swarm-worker-token ;;
esac
address=$(node_value node address)
options=()
# With several addresses on a machine Docker does not choose by itself.
if [ -n "$address" ]; then options=(--advertise-addr "$address"); fi
mapfile -t managers < <(node_value settings masters '*' address)

# fetch_token: sets `token`; false while nobody has handed it over.
fetch_token() {
  local status
  status=$(request GET "/v1/secrets/$secret" "$answer")
  case $status in
    200) token=$(json_value "$answer" value) ;;
    401 | 403 | 410)
      echo "the join token was refused: $(json_value "$answer" error message)"
      exit 1
      ;;
    *)
      problem="no manager has handed over the join token yet"
      return 1
      ;;
  esac
  rm -f "$answer"
}

# try_managers: one after the other, since any of them may be gone by now.
try_managers() {
  local manager
  for manager in "${managers[@]}"; do
    if [ "$manager" = "$address" ]; then continue; fi
    if docker swarm join "${options[@]}" --token "$token" "$manager:2377"; then return 0; fi
    # Docker goes on by itself after a slow answer, or keeps half a join.
    case $(swarm_state) in
      active) return 0 ;;
      inactive) ;;
      *) docker swarm leave --force || true ;;
    esac
  done
  problem="no manager took it in: ${managers[*]}"
  return 1
}

# forget_former: a machine that was made anew leaves the member behind that it was. One of a manager would count for the
# quorum for ever; one of a worker, which may not remove it, is only seen to be down.
forget_former() {
  local own id ids=()
  if [ "$(node_value rebuilt)" != true ] || [ "$(node_value node role)" != master ]; then return 0; fi
  own=$(docker info --format '{{.Swarm.NodeID}}')
  find_members "$(node_value node name)"
  for id in "${ids[@]}"; do
    if [ "$id" = "$own" ]; then continue; fi
    docker node demote "$id"
    docker node rm --force "$id"
  done
}

case $(swarm_state) in
  active)
    forget_former
    echo "it is a member"
    exit 0
    ;;
  inactive) ;;
  # Half a join of an earlier run.
  *) docker swarm leave --force ;;
esac

for ((attempt = 0; attempt < attempts; attempt++)); do
  if fetch_token && try_managers; then
    forget_former
    exit 0
  fi
  sleep 2
done
echo "$problem"
exit "$BAYOU_WAITS"
