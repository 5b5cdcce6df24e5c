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

prefetch() {
  local sum to
  sum=$(plain sha256 "$(json_value "$1" sha256)")
  to=$(plain to "$(json_value "$1" to)")
  if is_installed "$2" "$sum" "$to"; then return 0; fi
  fetch_ahead "$(plain path "$(json_value "$1" path)")" "$sum"
}

# keep_file FILE NAME: another name for the same bytes; the new ones come by a rename.
keep_file() {
  local to
  to=$(plain to "$(json_value "$1" to)")
  if [ -n "$to" ] && [ -e "$BAYOU_ROOT$to" ]; then
    ln -f "$BAYOU_ROOT$to" "$PREVIOUS/files/$2" || cp --preserve=mode "$BAYOU_ROOT$to" "$PREVIOUS/files/$2"
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
