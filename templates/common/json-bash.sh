#!/bin/bash
# JSON as far as it needs no program: what is written, and what json_flat has taken apart. Scripts do it every few seconds.
set -euo pipefail

# json_object ARGUMENT...: an object of key=text, key:=json and key@=file (the text of that file).
json_object() {
  local LC_ALL=C argument key value fields='' quoted
  for argument in "$@"; do
    key=${argument%%[!a-z_-]*}
    value=${argument#"$key"}
    case $value in
      :=*) quoted=${value#:=} ;;
      @=*)
        value=$(<"${value#@=}")
        json_quote "$value"
        ;;
      =*) json_quote "${value#=}" ;;
      *)
        echo "\"$argument\" is no field of an object" >&2
        return 1
        ;;
    esac
    fields+="${fields:+, }\"$key\": $quoted"
  done
  printf '{%s}\n' "$fields"
}

# json_list TEXT...: a list of texts.
json_list() {
  local LC_ALL=C text items='' quoted
  for text in "$@"; do
    json_quote "$text"
    items+="${items:+, }$quoted"
  done
  printf '[%s]\n' "$items"
}

# json_quote TEXT: sets `quoted` to what it is in JSON (RFC 8259, 7). By bytes: the end of a log may begin within a character.
json_quote() {
  local text=$1 code character
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  if [[ $text == *[$'\001'-$'\037']* ]]; then
    for code in {1..31}; do
      printf -v character '\\%03o' "$code"
      printf -v character '%b' "$character"
      printf -v code '\\u%04x' "$code"
      text=${text//"$character"/"$code"}
    done
  fi
  quoted="\"$text\""
}

# flat_value FILE KEY...: as json_value, of what json_flat has written.
flat_value() {
  local IFS=' ' line lines wanted
  wanted="${*:2}"$'\t'
  mapfile -t lines <"$1"
  for line in "${lines[@]}"; do
    if [[ $line == "$wanted"* ]]; then
      line=${line#"$wanted"}
      printf '%s\n' "${line//$'\036'/$'\n'}"
    fi
  done
}
