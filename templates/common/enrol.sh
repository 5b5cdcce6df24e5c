#!/bin/bash
# The first call: a key of its own and the ticket for a certificate. Asked again until it is answered or the ticket has
# expired. The same key may ask again, so a lost answer does no harm.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"

key=$BAYOU_STATE/node.key
certificate=$BAYOU_STATE/node.crt
answer=$BAYOU_STATE/enrol.answer
body=$BAYOU_STATE/enrol.body

if [ -s "$certificate" ] && openssl x509 -checkend 0 -noout -in "$certificate" >/dev/null; then
  exit 0
fi
rm -f "$certificate"
node_value listener ca >"$BAYOU_STATE/listener-ca.pem"
new_key "$key"
new_csr "$key" "$BAYOU_STATE/node.csr"

fields=("ticket@=$BAYOU_TICKET" "csr@=$BAYOU_STATE/node.csr")
host_key=$BAYOU_ROOT/etc/ssh/ssh_host_ed25519_key.pub
if [ -s "$host_key" ]; then
  fields+=("ssh_host_key@=$host_key")
fi
json_object "${fields[@]}" >"$body"

# Seconds since the epoch, from the claims of the ticket (RFC 7519).
claims=$(cut -d . -f 2 "$BAYOU_TICKET" | tr '_-' '/+')
while ((${#claims} % 4 > 0)); do claims+='='; done
base64 -d <<<"$claims" >"$BAYOU_STATE/claims"
ticket_end=$(json_value "$BAYOU_STATE/claims" exp)

delay=1
while [ "$(date +%s)" -lt "$ticket_end" ]; do
  status=$(request POST /v1/enrol "$answer" "$body")
  case $status in
    200)
      json_value "$answer" certificate | replace "$certificate" 0600 || true
      rm -f "$body" "$answer"
      echo "enrolled"
      exit 0
      ;;
    400 | 403 | 410)
      echo "enrolment was refused: $(json_value "$answer" error message)" >&2
      exit "$BAYOU_REFUSED"
      ;;
  esac
  echo "enrolment: no answer yet (status $status), again in $delay s" >&2
  sleep "$delay"
  delay=$((delay < 30 ? delay * 2 : 60))
done
echo "the enrolment ticket has expired" >&2
exit "$BAYOU_REFUSED"
