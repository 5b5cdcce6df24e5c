#!/bin/bash
# Packages of the distribution, through the cluster's proxy where there is one.
set -euo pipefail

# not_now LOG: why packages can't be had just now: sources that do not answer, or somebody else at work. A refusal is an answer.
not_now() {
  awk '/^[EW]: (Failed to fetch|Could not get lock|Unable to acquire)/ && !/ 4[0-9][0-9] / { print substr($0, 4, 300); exit }' "$1"
}

# install_packages NAME...
install_packages() {
  local proxy reason log=$BAYOU_STATE/packages.log
  local apt=(apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
  if ! command -v apt-get >/dev/null; then
    echo "this image has no $* and no apt-get to install it with"
    return 1
  fi
  proxy=$(node_value settings http_proxy)
  if [ -n "$proxy" ]; then export http_proxy=$proxy; fi
  export DEBIAN_FRONTEND=noninteractive LC_ALL=C
  if { "${apt[@]}" update && "${apt[@]}" install --yes --no-install-recommends "$@"; } 2>&1 | tee "$log"; then return 0; fi
  reason=$(not_now "$log")
  if [ -z "$reason" ]; then return 1; fi
  echo "packages can't be had now: $reason"
  return "$BAYOU_WAITS"
}

# need PROGRAM PACKAGE: for install_missing. Names are those of Debian and Ubuntu.
missing=()
need() {
  if ! command -v "$1" >/dev/null; then missing+=("$2"); fi
}

install_missing() {
  if [ "${#missing[@]}" -gt 0 ]; then install_packages "${missing[@]}"; fi
}
