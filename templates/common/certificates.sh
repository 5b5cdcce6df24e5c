#!/bin/bash
# Certificates by profile. Keys never leave the node.
set -euo pipefail

month_seconds=2592000

# is_good KEY CERTIFICATE CA [SECONDS]: they belong together, and are good for that time; a month, unless told. Of several
# authorities in CA the first one signs.
is_good() {
  local authority public end='-----END CERTIFICATE-----'
  [ -s "$1" ] && [ -s "$2" ] && [ -s "$3" ] || return 1
  authority=$(<"$3")
  public=$(openssl x509 -noout -pubkey -checkend "${4:-$month_seconds}" -in "$2") &&
    [[ $public == "$(openssl pkey -pubout -in "$1")"$'\n'* ]] &&
    openssl verify -CAfile <(echo "${authority%%"$end"*}$end") "$2" >/dev/null 2>&1
}

# get_certificate PROFILE MARK KEY CERTIFICATE CA [SECONDS]: has them made, unless they are good. The file MARK comes first, so that
# whoever is stopped in between acts on the change next time. Others go by CA, too: one that is there is not touched.
get_certificate() {
  if is_good "${@:3}"; then return 0; fi
  if [ ! -d "${3%/*}" ]; then mkdir -p "${3%/*}"; fi
  new_key "$3"
  new_csr "$3" "$BAYOU_STATE/$1.csr"
  json_object "profile=$1" "csr@=$BAYOU_STATE/$1.csr" >"$BAYOU_STATE/$1.body"
  call POST /v1/certificates "$BAYOU_STATE/$1.answer" "$BAYOU_STATE/$1.body"
  : >"$2"
  json_flat "$BAYOU_STATE/$1.answer" >"$BAYOU_STATE/$1.flat"
  if [ ! -s "$5" ]; then flat_value "$BAYOU_STATE/$1.flat" ca | replace "$5" 0644 || true; fi
  flat_value "$BAYOU_STATE/$1.flat" certificate | replace "$4" 0644 || true
  rm -f "$BAYOU_STATE/$1".{csr,body,answer,flat}
}

# get_authority NAME FILE: whom to trust for what that authority of the cluster signs.
get_authority() {
  call GET "/v1/authorities/$1" "$BAYOU_STATE/authority.answer"
  json_value "$BAYOU_STATE/authority.answer" certificate | replace "$2" 0644 || true
}
