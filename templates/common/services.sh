#!/bin/bash
# Programs as services of systemd, with keys and certificates in the folder PKI.
set -euo pipefail
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/certificates.sh"

export UNITS=$BAYOU_ROOT/etc/systemd/system

# setting NAME...: a value of the settings that may stand in a command line, a unit or a file of YAML.
setting() {
  local value
  value=$(node_value settings "$@")
  plain "$*" "$value"
}

# plain NAME VALUE: the value, if it means nothing but itself wherever it is put.
plain() {
  if ! [[ $2 =~ ^[A-Za-z0-9_./:,=@+-]*$ ]]; then
    echo "the setting $1 has characters that it may not have" >&2
    return 1
  fi
  echo "$2"
}

# program NAME: its path, wherever it was installed.
program() {
  command -v "$1" || {
    echo "there is no $1: it is neither on the image nor in the mirror's bill of materials" >&2
    return 1
  }
}

# certificate PROFILE AUTHORITY MARK: PROFILE.key and .crt; the authority's is AUTHORITY-ca.crt.
certificate() {
  get_certificate "$1" "$3" "$PKI/$1.key" "$PKI/$1.crt" "$PKI/$2-ca.crt"
}

# unit PROGRAM AFTER ARGUMENT...: a service that is started again whenever it ends.
unit() {
  local name=$1 after=$2 path argument
  path=$(program "$name")
  shift 2
  cat <<END
[Unit]
Description=$name of the cluster
Wants=network-online.target
After=network-online.target $after
StartLimitIntervalSec=0
[Service]
ExecStart=$path \\
END
  for argument in "$@"; do printf '  %s \\\n' "$argument"; done
  cat <<END

Restart=always
RestartSec=2
# An API that ends takes no new connection, and would wait a minute for clients that watch.
TimeoutStopSec=10
LimitNOFILE=1048576
Environment=PATH=$PATH
[Install]
WantedBy=multi-user.target
END
}

# start NAME...: each service that is not as its unit and files say, by the marks that put and get_certificate left.
start() {
  local name
  systemctl daemon-reload
  for name in "$@"; do
    systemctl enable --quiet "$name.service"
    if [ -e "$BAYOU_STATE/$name-restart" ]; then
      systemctl restart --no-block "$name.service"
      rm "$BAYOU_STATE/$name-restart"
    fi
  done
}

# until_true SECONDS COMMAND...: false when it did not become true in that time.
until_true() {
  local end=$((EPOCHSECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if [ "$EPOCHSECONDS" -ge "$end" ]; then return 1; fi
    sleep 1
  done
}

# journal UNIT: the end of what it says, for the report of a step that failed.
journal() {
  journalctl --unit "$1.service" --lines 8 --no-pager --output cat || true
}
