#!/bin/bash
# The node's Cinder volume becomes the folder of its containers.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/volume.sh"

folder=$(node_value settings volume_folder)
service=$(node_value settings container_service)
mount_volume containers "$folder" "$service"
