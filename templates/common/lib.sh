#!/bin/bash
# What every script of a node builds on. Values of node.json are read, never run and never put into a script's text.
# BAYOU_ROOT goes before every path, so that a test can run the real scripts in a folder.
set -euo pipefail

export BAYOU_ROOT=${BAYOU_ROOT:-}
export BAYOU_PROGRAM=$BAYOU_ROOT/opt/bayou
export BAYOU_STATE=$BAYOU_ROOT/var/lib/bayou
export BAYOU_NODE=$BAYOU_ROOT/etc/bayou/node.json
export BAYOU_TICKET=$BAYOU_ROOT/etc/bayou/ticket
# Nova's metadata service, as machines reach it.
export BAYOU_METADATA=${BAYOU_METADATA:-http://169.254.169.254}
# Bayou does not want this node, or not with this ticket: asking again is no use (EX_CONFIG of sysexits.h).
export BAYOU_REFUSED=78
# A step that ends with it lacks what others have to do first, such as a mirror that is away (EX_TEMPFAIL of sysexits.h). It
# is tried again as one that failed is; that ends the order of the cluster, this does not.
export BAYOU_WAITS=75

umask 077
if [ ! -d "$BAYOU_STATE" ]; then mkdir -p "$BAYOU_STATE"; fi

# json_value and its like; Flatcar and Fedora CoreOS have no Python.
json=python3
if ! command -v python3 >/dev/null; then json=jq; fi
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/json-$json.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/json-bash.sh"

# node_value KEY...: as json_value. Scripts ask for dozens every few seconds: node.json is taken apart once, until it is
# another; then what came of it has another time.
node_value() {
  local flat=$BAYOU_STATE/flat.${BAYOU_NODE##*/}
  if [ "$BAYOU_NODE" -nt "$flat" ] || [ "$BAYOU_NODE" -ot "$flat" ]; then
    # The time first: of one that is replaced meanwhile it is the older.
    touch --reference "$BAYOU_NODE" "$flat.time.$$"
    json_flat "$BAYOU_NODE" >"$flat.$$"
    touch --reference "$flat.time.$$" "$flat.$$"
    mv "$flat.$$" "$flat"
    rm "$flat.time.$$"
  fi
  flat_value "$flat" "$@"
}

# request METHOD PATH ANSWER_FILE [BODY_FILE]: prints the status of the answer, 000 without one.
request() {
  local url arguments
  url=$(node_value listener url)
  arguments=(--silent --noproxy '*' --connect-timeout 10 --max-time 30 --cacert "$BAYOU_STATE/listener-ca.pem"
    --request "$1" --output "$3" --write-out '%{http_code}')
  if [ -s "$BAYOU_STATE/node.crt" ]; then
    arguments+=(--cert "$BAYOU_STATE/node.crt" --key "$BAYOU_STATE/node.key")
  fi
  if [ -n "${4:-}" ]; then
    arguments+=(--header 'Content-Type: application/json' --data-binary "@$4")
  fi
  : >"$3"
  curl "${arguments[@]}" "$url$2" || true
}

# call METHOD PATH ANSWER_FILE [BODY_FILE]: asks again while the answer may change; fails when it does not become a 2xx, with
# BAYOU_WAITS when it may still do so.
call() {
  local attempt status=000 code=$BAYOU_WAITS
  for attempt in 1 2 4 8 16; do
    status=$(request "$@")
    case $status in
      2??) return 0 ;;
      410) exit "$BAYOU_REFUSED" ;;
      000 | 404 | 429 | 5??) sleep "$attempt" ;;
      *)
        code=1
        break
        ;;
    esac
  done
  echo "$1 $2: status $status $(cat "$3" 2>/dev/null || true)" >&2
  return "$code"
}

# new_key FILE: an EC key, unless it is there. new_csr KEY FILE: who asks and for what is decided by the signer.
new_key() {
  if [ ! -s "$1" ]; then
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.new" 2>/dev/null
    mv "$1.new" "$1"
  fi
}

new_csr() {
  openssl req -new -key "$1" -subj /CN=node -out "$2"
}

# is_word TEXT: fit for the name of a script.
is_word() {
  [[ $1 =~ ^[a-z0-9][a-z0-9-]{0,63}$ ]]
}

# replace FILE MODE: writes standard input there in one go; false when the file has that content already.
replace() {
  if [ ! -d "${1%/*}" ]; then mkdir -p "${1%/*}"; fi
  cat >"$1.new"
  if cmp -s "$1.new" "$1"; then
    rm "$1.new"
    return 1
  fi
  chmod "$2" "$1.new"
  mv "$1.new" "$1"
}

# put MARK FILE MODE: replaces it where the content is another. The file MARK comes first, so that whoever is stopped in
# between acts on the change next time.
put() {
  if [ ! -d "${2%/*}" ]; then mkdir -p "${2%/*}"; fi
  cat >"$2.new"
  if cmp -s "$2.new" "$2"; then
    rm "$2.new"
    return 0
  fi
  : >"$1"
  chmod "$3" "$2.new"
  mv "$2.new" "$2"
}

# take_turn: tasks that change files do so in turn; what they start gets 9>&-.
take_turn() {
  exec 9>"$BAYOU_STATE/turn"
  flock 9
}
