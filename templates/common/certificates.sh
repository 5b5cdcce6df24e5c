#!/bin/bash
# Certificates by profile. Keys never leave the node.
set -euo pipefail

month_seconds=2592000

# is_good KEY CERTIFICATE CA [SECONDS]: they belong together, and are good for that time; a month, unless told. Of several
# authorities in CA the first one signs.
is_good() {
  [ -s "$1" ] && [ -s "$2" ] && [ -s "$3" ] &&
    openssl verify -CAfile <(openssl x509 -in "$3") "$2" >/dev/null 2>&1 &&
    openssl x509 -checkend "${4:-$month_seconds}" -noout -in "$2" >/dev/null &&
    [ "$(openssl x509 -noout -pubkey -in "$2")" = "$(openssl pkey -pubout -in "$1")" ]
}

# get_certificate PROFILE MARK KEY CERTIFICATE CA [SECONDS]: has them made, unless they are good. The file MARK comes first, so that
# whoever is stopped in between acts on the change next time. Others go by CA, too: one that is there is not touched.
get_certificate() {
  if is_good "${@:3}"; then return 0; fi
  mkdir -p "$(dirname "$3")"
  new_key "$3"
  new_csr "$3" "$BAYOU_STATE/$1.csr"
  json_object "profile=$1" "csr@=$BAYOU_STATE/$1.csr" >"$BAYOU_STATE/$1.body"
  call POST /v1/certificates "$BAYOU_STATE/$1.answer" "$BAYOU_STATE/$1.body"
  touch "$2"
  if [ ! -s "$5" ]; then json_value "$BAYOU_STATE/$1.answer" ca | replace "$5" 0644 || true; fi
  json_value "$BAYOU_STATE/$1.answer" certificate | replace "$4" 0644 || true
  rm -f "$BAYOU_STATE/$1".{csr,body,answer}
}

# get_authority NAME FILE: whom to trust for what that authority of the cluster signs.
get_authority() {
  call GET "/v1/authorities/$1" "$BAYOU_STATE/authority.answer"
  json_value "$BAYOU_STATE/authority.answer" certificate | replace "$2" 0644 || true
}
