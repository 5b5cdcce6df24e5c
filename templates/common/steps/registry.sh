#!/bin/bash
# A registry of images on every node, at localhost:5000 or the port told, over one container of Swift for all. It logs in
# through registry-login.sh. Restarted only for a change.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/packages.sh"

port=$(node_value settings registry_port)
login_port=5099
restart=$BAYOU_STATE/registry-restart
secret=$BAYOU_STATE/registry.answer
login=$BAYOU_STATE/registry-login
config=$BAYOU_ROOT/etc/docker/registry/config.yml
settings=$BAYOU_ROOT/etc/docker/registry/login.env
authority=/etc/docker/registry/openstack-ca.pem
program=/usr/local/lib/bayou/registry-login
units=$BAYOU_ROOT/etc/systemd/system

# field NAME PATTERN: a value of the login. What it is made of must not mean anything to YAML, bash or systemd.
field() {
  local value
  value=$(flat_value "$login" "$1")
  if ! [[ $value =~ ^($2)$ ]]; then
    echo "the login's $1 is not as expected" >&2
    return 1
  fi
  echo "$value"
}

registry_config() {
  local container user password
  container=$(field container '[a-z0-9-]{1,128}')
  user=$(field user_id '[A-Za-z0-9_-]{1,64}')
  password=$(field password '[A-Za-z0-9_-]{1,128}')
  cat <<END
version: 0.1
log:
  level: info
  accesslog:
    disabled: true
storage:
  delete:
    enabled: true
  # Clients get what they pull from here and not from Swift, which they may not reach.
  redirect:
    disable: true
  cache:
    blobdescriptor: inmemory
  swift:
    authurl: http://127.0.0.1:$login_port/v1.0
    authversion: 1
    username: "$user"
    password: "$password"
    container: "$container"
http:
  addr: 127.0.0.1:$port
END
}

login_settings() {
  local auth storage
  auth=$(field auth_url 'https?://[A-Za-z0-9._:/-]+|https?://\[[0-9a-f:]+\][A-Za-z0-9._:/-]*')
  storage=$(field storage_url 'https?://[A-Za-z0-9._:/-]+|https?://\[[0-9a-f:]+\][A-Za-z0-9._:/-]*')
  printf '%s\n' "AUTH_URL=$auth" "STORAGE_URL=$storage"
  if has_authority; then echo "AUTH_CA=$authority"; fi
}

# Whether Keystone and Swift have certificates that the system does not trust.
has_authority() {
  [ -n "$(flat_value "$login" ca)" ]
}

login_socket() {
  cat <<END
[Unit]
Description=Swift login of this node's registry
[Socket]
ListenStream=127.0.0.1:$login_port
Accept=yes
MaxConnections=16
[Install]
WantedBy=sockets.target
END
}

login_service() {
  cat <<END
[Unit]
Description=Swift login of this node's registry
[Service]
ExecStart=$program
User=docker-registry
StandardInput=socket
StandardOutput=socket
StandardError=journal
RuntimeMaxSec=60
END
}

# It ends when it can't log in at its start.
registry_drop_in() {
  cat <<END
[Unit]
Wants=bayou-registry-login.socket
After=bayou-registry-login.socket network-online.target
StartLimitIntervalSec=0
[Service]
Restart=always
RestartSec=5
END
  if has_authority; then echo "Environment=SSL_CERT_FILE=$authority"; fi
}

# put_private FILE: for the registry's user alone.
put_private() {
  put "$restart" "$1" 0640
  chgrp docker-registry "$1"
}

if ! command -v docker-registry >/dev/null; then install_packages docker-registry; fi
call GET /v1/secrets/registry-login "$secret"
json_value "$secret" value >"$login.json"
json_flat "$login.json" >"$login"
# Into a file first: a function that fails in a pipe would leave half of it.
registry_config >"$BAYOU_STATE/registry-config"
login_settings >"$BAYOU_STATE/registry-settings"
# Its own user passes through them, whoever made them.
mkdir -p "${config%/*}" "$BAYOU_ROOT${program%/*}"
chmod 0755 "$BAYOU_ROOT/etc/docker" "${config%/*}" "$BAYOU_ROOT${program%/*}"
put_private "$settings" <"$BAYOU_STATE/registry-settings"
put_private "$config" <"$BAYOU_STATE/registry-config"
if has_authority; then flat_value "$login" ca | put "$restart" "$BAYOU_ROOT$authority" 0644; fi
put "$restart" "$BAYOU_ROOT$program" 0755 <"$BAYOU_PROGRAM/registry-login.sh"
login_socket | put "$restart" "$units/bayou-registry-login.socket" 0644
login_service | put "$restart" "$units/bayou-registry-login@.service" 0644
registry_drop_in | put "$restart" "$units/docker-registry.service.d/bayou.conf" 0644
rm -f "$secret" "$login" "$login.json" "$BAYOU_STATE"/registry-{config,settings}

if [ -e "$restart" ]; then
  systemctl daemon-reload
  systemctl enable bayou-registry-login.socket docker-registry.service
  systemctl restart bayou-registry-login.socket
  systemctl restart docker-registry.service
  rm "$restart"
fi

# answers: the registry says 200 to version 2 of its API once Swift has let it in.
answers() {
  curl --silent --noproxy '*' --max-time 5 --output /dev/null --fail "http://127.0.0.1:$port/v2/"
}

for ((attempt = 0; attempt < 30; attempt++)); do
  if answers; then exit 0; fi
  sleep 2
done
# It answers when Swift and Keystone do.
echo "the registry does not answer; the end of its journal:"
journalctl --unit docker-registry.service --lines 5 --no-pager --output cat || true
exit "$BAYOU_WAITS"
