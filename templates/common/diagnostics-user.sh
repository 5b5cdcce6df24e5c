#!/bin/bash
# Lets the cluster's own SSH key in, as a user who may run diagnostics.sh and nothing else, and who may read journals.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"

user=bayou-diagnostics
key=$(node_value diagnostics ssh_key)
if ! [[ $key =~ ^[a-z0-9-]+\ [A-Za-z0-9+/=]+$ ]]; then
  echo "this node was given no key for diagnostics"
  exit 0
fi
if ! id "$user" >/dev/null 2>&1; then
  # Not a locked password, with which sshd lets nobody in where it has no PAM.
  useradd --system --create-home --shell /bin/bash --password '*' --groups systemd-journal "$user"
fi
folder=$BAYOU_ROOT$(getent passwd "$user" | cut -d : -f 6)/.ssh
# sshd reads it as that user.
mkdir -p "$folder"
chmod 0755 "$folder"
echo "restrict,command=\"/opt/bayou/diagnostics.sh\" $key" | replace "$folder/authorized_keys" 0644 || true
