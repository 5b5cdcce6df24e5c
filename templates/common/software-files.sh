#!/bin/bash
# Files of the bill of materials, from the cluster's mirror, each with its sum checked: for the first software of a node,
# and for another version.
set -euo pipefail

mirror=$(setting mirror)
mirror=${mirror%/}
sums=$BAYOU_STATE/files
part=$BAYOU_STATE/download
# By their sums: fetched before anything is changed.
fetched=$BAYOU_STATE/fetched
mkdir -p "$sums"

proxy=()
value=$(node_value settings http_proxy)
if [ -n "$value" ]; then proxy=(--proxy "$value" --noproxy "$(node_value settings no_proxy)"); fi

has_sum() {
  [ -s "$1" ] && [ "$(sha256sum <"$1")" = "$2  -" ]
}

# fetch PATH SUM: into `part`. What a mirror that is away, or has too much to do, may give later, is waited for.
fetch() {
  local status code=0
  if has_sum "$part" "$2"; then return 0; fi
  if [ -e "$part" ]; then rm "$part"; fi
  if has_sum "$fetched/$2" "$2"; then
    mv "$fetched/$2" "$part"
    return 0
  fi
  status=$(curl --silent --show-error --location --max-redirs 5 --retry 1 --retry-delay 1 --connect-timeout 1.5 \
    --speed-limit 1000 --speed-time 60 --output "$part" --write-out '%{http_code}' "${proxy[@]}" "$mirror/$1") || code=$?
  if [ "$code $status" = '0 200' ] && has_sum "$part" "$2"; then return 0; fi
  # curl(1), "EXIT CODES".
  case $code in
    0) ;;
    23)
      rm -f "$part"
      echo "$mirror/$1 has no room on this node's disk: $(df --output=avail -h "$BAYOU_STATE" | tail -n 1 | tr -d " ") are free"
      return 1
      ;;
    51 | 60)
      rm -f "$part"
      echo "the mirror $mirror shows a certificate that this node does not trust"
      return 1
      ;;
    *)
      rm -f "$part"
      echo "the mirror $mirror does not answer this node"
      return "$BAYOU_WAITS"
      ;;
  esac
  case $status in
    200) echo "$mirror/$1 has the wrong checksum: $(sha256sum <"$part" | cut -d ' ' -f 1) and not $2" ;;
    *) echo "the mirror answers $status to $mirror/$1" ;;
  esac
  rm -f "$part"
  case $status in
    408 | 429 | 5??) return "$BAYOU_WAITS" ;;
  esac
  return 1
}

# fetch_ahead PATH SUM: for a later `fetch`.
fetch_ahead() {
  if has_sum "$fetched/$2" "$2"; then return 0; fi
  fetch "$1" "$2"
  mkdir -p "$fetched"
  mv "$part" "$fetched/$2"
}

forget_fetched() {
  rm -rf "$fetched"
}

# each_file FUNCTION ARGUMENT...: calls it for each entry of the bill with its name, path, sum, `to`, `unpack`, `strip` and
# `members`, and these arguments.
each_file() {
  local function=$1 entry entries name path sum to folder strip members
  shift
  mapfile -t entries < <(json_rows "$BAYOU_NODE" settings files -- name path sha256 to unpack strip members)
  for entry in "${entries[@]}"; do
    plain files "${entry//|/}" >/dev/null
    IFS='|' read -r name path sum to folder strip members <<<"$entry"
    "$function" "$name" "$path" "$sum" "$to" "$folder" "$strip" "$members" "$@"
  done
}

# is_installed NAME SUM TO
is_installed() {
  { [ -e "$sums/$1" ] && [ "$(<"$sums/$1")" = "$2" ]; } || { [ -n "$3" ] && has_sum "$BAYOU_ROOT$3" "$2"; }
}

# install_file NAME PATH SUM TO FOLDER STRIP MEMBERS. A service of that name is marked for its next `start`.
install_file() {
  local name=$1 path=$2 sum=$3 to=$4 folder=$5 strip=$6 members
  IFS=, read -ra members <<<"$7"
  if ! is_installed "$name" "$sum" "$to"; then
    fetch "$path" "$sum"
    : >"$BAYOU_STATE/$name-restart"
    if [ -n "$to" ]; then
      mkdir -p "$BAYOU_ROOT${to%/*}"
      chmod 0755 "$part"
      mv "$part" "$BAYOU_ROOT$to"
    else
      mkdir -p "$BAYOU_ROOT$folder"
      tar --extract --file "$part" --directory "$BAYOU_ROOT$folder" --strip-components "${strip:-0}" --no-same-owner -- \
        "${members[@]}"
      rm -f "$part"
    fi
    echo "$name is there"
  fi
  echo "$sum" >"$sums/$name"
}

# fetch_images: archives of the settings that are not there yet.
fetch_images() {
  local entry entries path sum archive
  mapfile -t entries < <(json_rows "$BAYOU_NODE" settings images -- path sha256)
  for entry in "${entries[@]}"; do
    plain images "${entry//|/}" >/dev/null
    IFS='|' read -r path sum <<<"$entry"
    archive=$BAYOU_STATE/images/${path##*/}
    if has_sum "$archive" "$sum"; then continue; fi
    fetch "$path" "$sum"
    mkdir -p "$BAYOU_STATE/images"
    mv "$part" "$archive"
  done
}
