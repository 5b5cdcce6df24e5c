#!/bin/bash
# Logs this node's registry in: Swift's own login (v1) over Keystone's, one request on standard input. The registry can
# log in to Keystone only with a project, and its user has none: all that it may use is one container, by its ACL.
set -euo pipefail

settings=${BAYOU_REGISTRY_LOGIN:-/etc/docker/registry/login.env}
max_headers=50

# answer STATUS [HEADER...]
answer() {
  printf 'HTTP/1.1 %s\r\n' "$1"
  shift
  printf '%s\r\n' "$@" 'Content-Length: 0' 'Connection: close' ''
  exit 0
}

# Sets `user` and `key` to those of the request.
read_request() {
  local line count
  user=
  key=
  for ((count = 0; count < max_headers; count++)); do
    IFS= read -r -t 10 line || return 0
    line=${line%$'\r'}
    case ${line,,} in
      '') return 0 ;;
      'x-auth-user: '*) user=${line#*: } ;;
      'x-auth-key: '*) key=${line#*: } ;;
    esac
  done
}

# shellcheck source=/dev/null
source "$settings"
read_request
if ! [[ $user =~ ^[A-Za-z0-9_-]{1,64}$ && $key =~ ^[A-Za-z0-9_-]{1,128}$ ]]; then answer '401 Unauthorized'; fi
arguments=(--silent --noproxy '*' --connect-timeout 10 --max-time 30 --output /dev/null --dump-header -
  --header 'Content-Type: application/json' --data-binary @-)
if [ -n "${AUTH_CA:-}" ]; then arguments+=(--cacert "$AUTH_CA"); fi
headers=$(printf '{"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"%s","password":"%s"}}},"scope":"unscoped"}}' \
  "$user" "$key" | curl "${arguments[@]}" "$AUTH_URL/auth/tokens") || answer '503 Service Unavailable'
headers=${headers//$'\r'/}
token=$(sed -n 's/^x-subject-token: //Ip' <<<"$headers" | tail -n 1)
if [ -n "$token" ]; then answer '200 OK' "X-Auth-Token: $token" "X-Storage-Url: $STORAGE_URL"; fi
status=$(sed -n 's/^HTTP\/[0-9.]* \([0-9]*\).*/\1/p' <<<"$headers" | tail -n 1)
if [ "$status" = 401 ]; then answer '401 Unauthorized'; fi
echo "Keystone answered ${status:-nothing}" >&2
answer '503 Service Unavailable'
