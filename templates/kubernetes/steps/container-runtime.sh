#!/bin/bash
# containerd, as kubelet wants it, and the images that came from the mirror.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"

case $(setting storage_driver) in
  vfs) snapshotter=native ;;
  *) snapshotter=overlayfs ;;
esac
case $(setting cgroup_driver) in
  systemd) systemd_cgroup=true ;;
  *) systemd_cgroup=false ;;
esac
# Where network drivers put theirs; those of the distribution's package are led to from there.
plugins=/opt/cni/bin
mkdir -p "$BAYOU_ROOT$plugins"
if [ ! -x "$BAYOU_ROOT$plugins/bridge" ]; then ln -sf /usr/lib/cni/* "$BAYOU_ROOT$plugins/"; fi
pause=$(setting pause_image)
registry=$(setting insecure_registry)
registries=/etc/containerd/certs.d

containerd_config() {
  cat <<END
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$pause"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "$snapshotter"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = $systemd_cgroup
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$plugins"
    conf_dir = "/etc/cni/net.d"
END
  if [ -n "$registry" ]; then
    printf '  [plugins."io.containerd.grpc.v1.cri".registry]\n    config_path = "%s"\n' "$registries"
  fi
}

# As Docker takes one that is insecure: by whatever certificate it shows, else without any.
hosts_toml() {
  cat <<END
[host."https://$registry"]
  capabilities = ["pull", "resolve"]
  skip_verify = true
[host."http://$registry"]
  capabilities = ["pull", "resolve"]
END
}

# What images are pulled through.
proxy_drop_in() {
  local name value
  echo '[Service]'
  for name in http_proxy https_proxy no_proxy; do
    value=$(node_value settings "$name")
    if [ -z "$value" ]; then continue; fi
    if ! [[ $value =~ ^[A-Za-z0-9_./:,=@~*%\ -]*$ ]]; then
      echo "the template's $name has characters that it may not have" >&2
      return 1
    fi
    echo "Environment=\"${name^^}=${value//%/%%}\""
  done
}

# A release of containerd has no unit in it.
containerd_unit() {
  cat <<END
[Unit]
Description=containerd
After=network.target
[Service]
ExecStart=$(program containerd)
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=5
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
Environment=PATH=$PATH
[Install]
WantedBy=multi-user.target
END
}

network_settings() {
  printf '%s\n' 'net.ipv4.ip_forward = 1' 'net.bridge.bridge-nf-call-iptables = 1'
}

mark=$BAYOU_STATE/containerd-restart
for module in overlay br_netfilter; do modprobe "$module" 2>/dev/null || true; done
printf '%s\n' overlay br_netfilter | put "$mark" "$BAYOU_ROOT/etc/modules-load.d/bayou.conf" 0644
network_settings | put "$mark" "$BAYOU_ROOT/etc/sysctl.d/90-bayou.conf" 0644
sysctl --quiet --load "$BAYOU_ROOT/etc/sysctl.d/90-bayou.conf" || true
if [ "$(<"$BAYOU_ROOT/proc/sys/net/ipv4/ip_forward")" != 1 ]; then
  echo "this machine does not forward packets, and does not let that be changed"
  exit 1
fi
containerd_config | put "$mark" "$BAYOU_ROOT/etc/containerd/config.toml" 0644
if [ -n "$registry" ]; then
  mkdir -p "$BAYOU_ROOT$registries/$registry"
  hosts_toml | put "$mark" "$BAYOU_ROOT$registries/$registry/hosts.toml" 0644
fi
if ! systemctl cat containerd.service >/dev/null 2>&1; then
  containerd_unit | put "$mark" "$UNITS/containerd.service" 0644
fi
proxy_drop_in >"$BAYOU_STATE/proxy"
put "$mark" "$UNITS/containerd.service.d/bayou-proxy.conf" 0600 <"$BAYOU_STATE/proxy"
rm "$BAYOU_STATE/proxy"
start containerd
if ! until_true 60 ctr version; then
  journal containerd
  echo "containerd does not answer; the end of its journal is above"
  exit 1
fi
while IFS='|' read -r name path; do
  if [ -z "$(ctr --namespace k8s.io images list --quiet "name==$name")" ]; then
    ctr --namespace k8s.io images import --snapshotter "$snapshotter" "$BAYOU_STATE/images/${path##*/}"
  fi
done < <(json_rows "$BAYOU_NODE" settings images -- name path)
