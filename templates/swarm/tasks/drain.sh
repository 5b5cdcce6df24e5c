#!/bin/bash
# drain PARAMS: moves the work of a node to others; `node` by name, `timeout_seconds`. Runs on a manager.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/swarm.sh"

node=$(json_value "$1" node)
timeout=$(json_value "$1" timeout_seconds)
[[ $timeout =~ ^[0-9]{1,6}$ ]]
ids=()
find_members "$node"
if [ "${#ids[@]}" = 0 ]; then
  echo "$node is no member"
  exit 0
fi
for id in "${ids[@]}"; do
  docker node update --availability drain "$id" >/dev/null
done

# find_busy: sets `busy` to what still runs there. A node that is down runs nothing, whatever the Swarm remembers.
find_busy() {
  local id state list
  busy=
  for id in "${ids[@]}"; do
    state=$(docker node inspect --format '{{.Status.State}}' "$id")
    if [ "$state" = down ]; then continue; fi
    list=$(docker node ps --format '{{.CurrentState}} {{.Name}}' "$id")
    busy+=$(grep -E '^(New|Pending|Assigned|Accepted|Preparing|Ready|Starting|Running) ' <<<"$list" || true)
  done
}

end=$((EPOCHSECONDS + timeout))
find_busy
while [ -n "$busy" ]; do
  if [ "$EPOCHSECONDS" -ge "$end" ]; then
    echo "after $timeout s there still runs on $node:"
    head -n 20 <<<"$busy"
    exit 1
  fi
  sleep 2
  find_busy
done
# A manager gives up its vote while all of them are there: taken away later, it might cost the Swarm its quorum.
for id in "${ids[@]}"; do
  if [ "$(docker node inspect --format '{{.Spec.Role}}' "$id")" = manager ]; then
    docker node demote "$id" >/dev/null
  fi
done
echo "$node is drained"
