#!/bin/bash
# upgrade-undo PARAMS: back to what there was before the upgrade to `version`, as far as that has come.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"
take_turn
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/change-version.sh"

# An older etcd does not start over what a newer one has written (etcd-io/etcd#11716); a newer one serves an older API.
staying=(etcd)

forget_fetched
if [ "$(cat "$PREVIOUS/for" 2>/dev/null || true)" != "$(json_value "$1" version)" ]; then
  echo "nothing was changed yet"
  exit 0
fi

# Of what each_file tells: where what was kept is not what is there. What was unpacked comes from the mirror again.
put_back() {
  local name=$1 sum=$3 to=$4
  if is_among "$name" "${staying[@]}"; then return 0; fi
  if [ -z "$to" ] || [ ! -e "$PREVIOUS/files/$name" ] || has_sum "$BAYOU_ROOT$to" "$sum"; then return 0; fi
  : >"$BAYOU_STATE/$name-restart"
  rm -f "$BAYOU_STATE/files/$name"
  ln -f "$PREVIOUS/files/$name" "$BAYOU_ROOT$to.new" || cp --preserve=mode "$PREVIOUS/files/$name" "$BAYOU_ROOT$to.new"
  mv "$BAYOU_ROOT$to.new" "$BAYOU_ROOT$to"
}

replace "$BAYOU_NODE" 0600 <"$PREVIOUS/node.json" || true
stage 'going back' each_file put_back
change_services
rm -rf "$PREVIOUS"
echo "$(setting kubernetes_version) runs again"
