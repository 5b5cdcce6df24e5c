#!/bin/bash
# A Cinder volume of the node becomes a folder. A volume that holds anything is never formatted.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/lib.sh"

# mount_volume PURPOSE FOLDER SERVICE: now and at every boot, before the service. Its id is in /etc/bayou/PURPOSE-volume.
mount_volume() {
  local purpose=$1 folder=$2 service=$3 id device uuid type
  is_word "$service"
  id=$(<"$BAYOU_ROOT/etc/bayou/$purpose-volume")
  if ! [[ $id =~ ^[0-9a-f-]{36}$ ]]; then
    echo "\"$id\" is no id of a volume"
    return 1
  fi
  if mountpoint --quiet "$BAYOU_ROOT$folder"; then
    echo "the volume is mounted"
    return 0
  fi
  await_device "$id"
  format_blank "$device" "$id" "$purpose"
  uuid=$(blkid --probe --match-tag UUID --output value "$device")
  type=$(blkid --probe --match-tag TYPE --output value "$device")
  mkdir -p "$BAYOU_ROOT$folder"
  {
    grep -vE "^[^#[:space:]]+[[:space:]]+${folder}[[:space:]]" "$BAYOU_ROOT/etc/fstab" || true
    echo "UUID=$uuid $folder $type defaults,nofail,x-systemd.before=$service.service 0 2"
  } >"$BAYOU_STATE/fstab"
  replace "$BAYOU_ROOT/etc/fstab" 0644 <"$BAYOU_STATE/fstab" || true
  make_way "$service"
  systemctl daemon-reload
  mount "$BAYOU_ROOT$folder"
  # With nofail mount(8) passes over a device that it does not find, and calls that a success.
  if ! mountpoint --quiet "$BAYOU_ROOT$folder"; then
    echo "volume $id could not be mounted: no disk has the UUID $uuid yet"
    return "$BAYOU_WAITS"
  fi
}

# find_device ID: sets `device`. The id is the disk's serial number, of which virtio keeps 20 characters.
find_device() {
  local link
  for link in "$BAYOU_ROOT/dev/disk/by-id/virtio-${1:0:20}" "$BAYOU_ROOT/dev/disk/by-id/"*"$1"; do
    if [ -e "$link" ]; then
      device=$link
      return 0
    fi
  done
  return 1
}

# await_device ID: it is attached when the server runs already.
await_device() {
  local attempt
  for ((attempt = 0; attempt < 150; attempt++)); do
    if find_device "$1"; then return 0; fi
    sleep 2
  done
  echo "volume $1 is not attached: there is no disk with its id"
  return "$BAYOU_WAITS"
}

# format_blank DEVICE ID PURPOSE: blkid ends with 2 when it finds nothing at all (blkid(8)); a partition table is something.
format_blank() {
  local status=0 found
  found=$(blkid --probe "$1") || status=$?
  case $status in
    0)
      if [ -z "$(blkid --probe --match-tag TYPE --output value "$1" || true)" ]; then
        echo "volume $2 holds something that is no file system: $found"
        return 1
      fi
      ;;
    2) mkfs.ext4 -q -L "$3" "$1" ;;
    *)
      echo "volume $2 can't be read"
      return 1
      ;;
  esac
}

# make_way SERVICE: what an image's own service has put there would lie under the volume.
make_way() {
  local unit
  for unit in "$1.socket" "$1.service"; do
    if systemctl is-active --quiet "$unit"; then
      systemctl stop "$unit"
      touch "$BAYOU_STATE/$1-restart"
    fi
  done
}
