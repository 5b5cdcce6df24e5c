#!/bin/bash
# upgrade PARAMS: another version in place; `node_json` is what this node is told from now on. Everything is fetched
# before anything changes, and what there was is kept for upgrade-undo. Done twice it goes on where it was.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"
take_turn
current=$BAYOU_NODE
wanted=$BAYOU_STATE/wanted.json
json_value "$1" node_json | replace "$wanted" 0600 || true
export BAYOU_NODE=$wanted
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/change-version.sh"
version=$(setting kubernetes_version)

# Of what each_file tells: NAME PATH SUM TO.
prefetch() {
  if is_installed "$1" "$3" "$4"; then return 0; fi
  fetch_ahead "$2" "$3"
}

# Another name for the same bytes; the new ones come by a rename.
keep_file() {
  local name=$1 to=$4
  if [ -n "$to" ] && [ -e "$BAYOU_ROOT$to" ]; then
    ln -f "$BAYOU_ROOT$to" "$PREVIOUS/files/$name" || cp --preserve=mode "$BAYOU_ROOT$to" "$PREVIOUS/files/$name"
  fi
}

keep() {
  if [ "$(cat "$PREVIOUS/for" 2>/dev/null || true)" = "$version" ]; then return 0; fi
  rm -rf "$PREVIOUS"
  mkdir -p "$PREVIOUS/files"
  each_file keep_file
  cp "$current" "$PREVIOUS/node.json"
  echo "$version" >"$PREVIOUS/for"
}

stage 'fetching files' each_file prefetch
stage 'fetching images' fetch_images
stage 'keeping what there is' keep
replace "$current" 0600 <"$wanted" || true
export BAYOU_NODE=$current
change_services
forget_fetched
rm -f "$wanted"
echo "$version runs"
