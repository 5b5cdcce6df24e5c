#!/bin/bash
# Key and certificate of the Remote API, and the authority of the clients that may use it. The key never leaves the node.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"

folder=$BAYOU_ROOT/etc/docker
month_seconds=2592000

is_good() {
  [ -s "$folder/server-key.pem" ] && [ -s "$folder/server.pem" ] && [ -s "$folder/ca.pem" ] &&
    openssl verify -CAfile "$folder/ca.pem" "$folder/server.pem" >/dev/null 2>&1 &&
    openssl x509 -checkend "$month_seconds" -noout -in "$folder/server.pem" >/dev/null &&
    [ "$(openssl x509 -noout -pubkey -in "$folder/server.pem")" = "$(openssl pkey -pubout -in "$folder/server-key.pem")" ]
}

if is_good; then
  echo "the certificate is good"
  exit 0
fi
mkdir -p "$folder"
new_key "$folder/server-key.pem"
new_csr "$folder/server-key.pem" "$BAYOU_STATE/docker.csr"
json_object profile=docker-server "csr@=$BAYOU_STATE/docker.csr" >"$BAYOU_STATE/docker.body"
call POST /v1/certificates "$BAYOU_STATE/docker.answer" "$BAYOU_STATE/docker.body"
# Docker reads them when it starts.
touch "$BAYOU_STATE/docker-restart"
json_value "$BAYOU_STATE/docker.answer" ca | replace "$folder/ca.pem" 0644 || true
json_value "$BAYOU_STATE/docker.answer" certificate | replace "$folder/server.pem" 0644 || true
