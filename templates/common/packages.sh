#!/bin/bash
# Packages of the distribution, through the cluster's proxy where there is one.
set -euo pipefail

# install_packages NAME...
install_packages() {
  local proxy
  if ! command -v apt-get >/dev/null; then
    echo "this image has no $* and no apt-get to install it with"
    return 1
  fi
  proxy=$(node_value settings http_proxy)
  if [ -n "$proxy" ]; then export http_proxy=$proxy; fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 update
  apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 install --yes --no-install-recommends "$@"
}

# need PROGRAM PACKAGE: for install_missing. Names are those of Debian and Ubuntu.
missing=()
need() {
  if ! command -v "$1" >/dev/null; then missing+=("$2"); fi
}

install_missing() {
  if [ "${#missing[@]}" -gt 0 ]; then install_packages "${missing[@]}"; fi
}
