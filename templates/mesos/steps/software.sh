#!/bin/bash
# What the node runs: the files of the bill of materials, from the cluster's mirror, each with its sum checked. What is on the
# image already is left as it is.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/mesos.sh"
# shellcheck source=/dev/null
source "$BAYOU_PROGRAM/software-files.sh"

each_file install_file
programs=(mesos-agent)
if [ "$(node_value node role)" = master ]; then
  programs=(mesos-master marathon)
  if [ "$(setting chronos)" = true ]; then programs+=(chronos); fi
fi
for name in "${programs[@]}"; do program "$name"; done
