#!/bin/bash
# The first call: a key of its own and the ticket for a certificate. Asked again until it is answered, until the ticket has
# expired and for a day at least. The same key may ask again, so a lost answer does no harm.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"

key=$BAYOU_STATE/node.key
certificate=$BAYOU_STATE/node.crt
answer=$BAYOU_STATE/enrol.answer
body=$BAYOU_STATE/enrol.body
give_up_seconds=86400

if [ -s "$certificate" ] && openssl x509 -checkend 0 -noout -in "$certificate" >/dev/null; then
  exit 0
fi
rm -f "$certificate"
node_value listener ca >"$BAYOU_STATE/listener-ca.pem"
new_key "$key"
new_csr "$key" "$BAYOU_STATE/node.csr"

# Seconds since the epoch, from the claims of the ticket (RFC 7519).
ticket_end() {
  local claims
  IFS=. read -r _ claims _ <"$BAYOU_TICKET" || [ -n "$claims" ]
  claims=${claims//_//}
  claims=${claims//-/+}
  while ((${#claims} % 4 > 0)); do claims+='='; done
  base64 -d <<<"$claims" >"$BAYOU_STATE/claims"
  json_value "$BAYOU_STATE/claims" exp
}

# What Bayou has put into the server's metadata, when Nova has made its disk anew; nothing where there is none.
invitation() {
  local metadata=$BAYOU_STATE/metadata
  if curl --silent --fail --noproxy '*' --max-time 10 --max-filesize 1048576 --output "$metadata" \
    "$BAYOU_METADATA/openstack/latest/meta_data.json"; then
    json_value "$metadata" meta bayou_invitation || true
  fi
  rm -f "$metadata"
}

# write_body [INVITATION]
write_body() {
  local fields=("ticket@=$BAYOU_TICKET" "csr@=$BAYOU_STATE/node.csr") host_key=$BAYOU_ROOT/etc/ssh/ssh_host_ed25519_key.pub
  if [ -s "$host_key" ]; then fields+=("ssh_host_key@=$host_key"); fi
  if [ -n "${1:-}" ]; then fields+=("invitation=$1"); fi
  json_object "${fields[@]}" >"$body"
}

# What the machine was born with may be older than the cluster is now. One that has done steps knows better.
take_answer() {
  json_flat "$answer" >"$answer.flat"
  flat_value "$answer.flat" node >"$BAYOU_STATE/node.json"
  if [ -s "$BAYOU_STATE/node.json" ] && ! compgen -G "$BAYOU_STATE/steps/*.done" >/dev/null; then
    replace "$BAYOU_NODE" 0600 <"$BAYOU_STATE/node.json" || true
  fi
  flat_value "$answer.flat" certificate | replace "$certificate" 0600 || true
  rm -f "$body" "$answer" "$answer.flat" "$BAYOU_STATE/node.json"
}

refuse() {
  echo "enrolment was refused: $1" >&2
  exit "$BAYOU_REFUSED"
}

end=$((EPOCHSECONDS + give_up_seconds))
ticket_end=$(ticket_end)
if [ "$ticket_end" -gt "$end" ]; then end=$ticket_end; fi
write_body
delay=1
longest=60
while [ "$EPOCHSECONDS" -lt "$end" ]; do
  status=$(request POST /v1/enrol "$answer" "$body")
  words="no answer yet (status $status)"
  case $status in
    200)
      take_answer
      echo "enrolled"
      exit 0
      ;;
    400 | 403 | 410)
      words=$(json_value "$answer" error message)
      case $(json_value "$answer" error code) in
        # Of a machine that was off for long, or was made anew: Bayou asks Nova about it.
        ticket_expired | ticket_used)
          write_body "$(invitation)"
          longest=300
          ;;
        *) refuse "$words" ;;
      esac
      ;;
  esac
  echo "enrolment: $words, again in $delay s" >&2
  sleep "$delay"
  delay=$((delay * 2 < longest ? delay * 2 : longest))
done
refuse "nobody has let it in a day"
