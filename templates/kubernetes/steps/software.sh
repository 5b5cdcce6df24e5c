#!/bin/bash
# What the node runs: the files of the bill of materials, from the cluster's mirror, each with its sum checked; and what
# the distribution has. What is on the image already is left as it is.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/packages.sh"

mirror=$(setting mirror)
mirror=${mirror%/}
sums=$BAYOU_STATE/files
part=$BAYOU_STATE/download
mkdir -p "$sums"

has_sum() {
  [ -s "$1" ] && [ "$(sha256sum <"$1")" = "$2  -" ]
}

# fetch PATH SUM: into `part`.
fetch() {
  local status
  if has_sum "$part" "$2"; then return 0; fi
  rm -f "$part"
  local code=0
  status=$(curl --silent --show-error --location --max-redirs 5 --retry 2 --retry-delay 1 --connect-timeout 5 \
    --speed-limit 1000 --speed-time 60 --output "$part" --write-out '%{http_code}' "${proxy[@]}" "$mirror/$1") || code=$?
  # 23: curl could not write (curl(1), "EXIT CODES").
  if [ "$code" = 23 ]; then
    rm -f "$part"
    echo "$mirror/$1 has no room on this node's disk: $(df --output=avail -h "$BAYOU_STATE" | tail -n 1) are free"
    return 1
  fi
  if [ "$code" != 0 ]; then
    rm -f "$part"
    echo "the mirror $mirror does not answer this node"
    return 1
  fi
  if [ "$status" != 200 ]; then
    rm -f "$part"
    echo "the mirror answers $status to $mirror/$1"
    return 1
  fi
  if ! has_sum "$part" "$2"; then
    echo "$mirror/$1 has the wrong checksum: $(sha256sum <"$part" | cut -d ' ' -f 1) and not $2"
    rm -f "$part"
    return 1
  fi
}

# unpack FILE: the tarball in `part`, to where the bill says.
unpack() {
  local folder members strip
  folder=$(plain unpack "$(json_value "$1" unpack)")
  strip=$(json_value "$1" strip)
  mapfile -t members < <(json_value "$1" members '*')
  mkdir -p "$BAYOU_ROOT$folder"
  tar --extract --file "$part" --directory "$BAYOU_ROOT$folder" --strip-components "${strip:-0}" --no-same-owner -- \
    "${members[@]}"
}

# install_file FILE: one entry of the bill, as JSON.
install_file() {
  local name path sum to
  name=$(plain name "$(json_value "$1" name)")
  path=$(plain path "$(json_value "$1" path)")
  sum=$(plain sha256 "$(json_value "$1" sha256)")
  to=$(plain to "$(json_value "$1" to)")
  if [ "$(cat "$sums/$name" 2>/dev/null || true)" = "$sum" ]; then return 0; fi
  if [ -z "$to" ] || ! has_sum "$BAYOU_ROOT$to" "$sum"; then
    fetch "$path" "$sum"
    if [ -n "$to" ]; then
      mkdir -p "$(dirname "$BAYOU_ROOT$to")"
      chmod 0755 "$part"
      mv "$part" "$BAYOU_ROOT$to"
    else
      unpack "$1"
      rm -f "$part"
    fi
  fi
  echo "$sum" >"$sums/$name"
  echo "$name is there"
}

proxy=()
value=$(node_value settings http_proxy)
if [ -n "$value" ]; then proxy=(--proxy "$value" --noproxy "$(node_value settings no_proxy)"); fi

while IFS= read -r entry; do
  echo "$entry" >"$BAYOU_STATE/entry.json"
  install_file "$BAYOU_STATE/entry.json"
done < <(node_value settings files '*')
while IFS= read -r entry; do
  echo "$entry" >"$BAYOU_STATE/entry.json"
  name=$(json_value "$BAYOU_STATE/entry.json" path)
  archive=$BAYOU_STATE/images/$(basename "$(plain path "$name")")
  sum=$(plain sha256 "$(json_value "$BAYOU_STATE/entry.json" sha256)")
  if has_sum "$archive" "$sum"; then continue; fi
  fetch "$name" "$sum"
  mkdir -p "$BAYOU_STATE/images"
  mv "$part" "$archive"
done < <(node_value settings images '*')

# Program and the package that has it, in Debian and Ubuntu.
missing=()
need() {
  if ! command -v "$1" >/dev/null; then missing+=("$2"); fi
}
need containerd containerd
need runc runc
need conntrack conntrack
need iptables iptables
need socat socat
need ipset ipset
if [ "$(node_value node role)" = master ]; then need etcd etcd-server; fi
if ! { [ -x "$BAYOU_ROOT/opt/cni/bin/bridge" ] || [ -x "$BAYOU_ROOT/usr/lib/cni/bridge" ]; }; then
  missing+=(containernetworking-plugins)
fi
if [ "${#missing[@]}" -gt 0 ]; then install_packages "${missing[@]}"; fi
for name in kubelet kube-proxy kubectl; do program "$name"; done
