#!/bin/bash
# The node's Cinder volume becomes the folder of its containers. A volume that holds anything is never formatted.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"

folder=$(node_value settings volume_folder)
service=$(node_value settings container_service)
is_word "$service"
id=$(cat "$BAYOU_ROOT/etc/bayou/node-volume")
if ! [[ $id =~ ^[0-9a-f-]{36}$ ]]; then
  echo "\"$id\" is no id of a volume"
  exit 1
fi
if mountpoint --quiet "$BAYOU_ROOT$folder"; then
  echo "the volume is mounted"
  exit 0
fi

# find_device: sets `device`. The id is the disk's serial number, of which virtio keeps 20 characters.
find_device() {
  local link
  for link in "$BAYOU_ROOT/dev/disk/by-id/virtio-${id:0:20}" "$BAYOU_ROOT/dev/disk/by-id/"*"$id"; do
    if [ -e "$link" ]; then
      device=$link
      return 0
    fi
  done
  return 1
}

# It is attached when the server runs already.
device=
for ((attempt = 0; attempt < 150; attempt++)); do
  if find_device; then break; fi
  sleep 2
done
if [ -z "$device" ]; then
  echo "volume $id is not attached: there is no disk with its id"
  exit 1
fi

# blkid ends with 2 when it finds nothing at all (blkid(8)); a partition table is something.
status=0
found=$(blkid --probe "$device") || status=$?
case $status in
  0)
    type=$(blkid --probe --match-tag TYPE --output value "$device" || true)
    if [ -z "$type" ]; then
      echo "volume $id holds something that is no file system: $found"
      exit 1
    fi
    ;;
  2) mkfs.ext4 -q -L containers "$device" ;;
  *)
    echo "volume $id can't be read"
    exit 1
    ;;
esac

uuid=$(blkid --probe --match-tag UUID --output value "$device")
type=$(blkid --probe --match-tag TYPE --output value "$device")
line="UUID=$uuid $folder $type defaults,nofail,x-systemd.before=$service.service 0 2"
mkdir -p "$BAYOU_ROOT$folder"
{
  grep -vE "^[^#[:space:]]+[[:space:]]+${folder}[[:space:]]" "$BAYOU_ROOT/etc/fstab" || true
  echo "$line"
} >"$BAYOU_STATE/fstab"
replace "$BAYOU_ROOT/etc/fstab" 0644 <"$BAYOU_STATE/fstab" || true
# What an image's own container service has put there would lie under the volume.
for unit in "$service.socket" "$service.service"; do
  if systemctl is-active --quiet "$unit"; then
    systemctl stop "$unit"
    touch "$BAYOU_STATE/$service-restart"
  fi
done
systemctl daemon-reload
mount "$BAYOU_ROOT$folder"
