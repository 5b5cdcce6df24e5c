#!/bin/bash
# The first master gives the others' names their rights, with the only certificate over everything: it is good for an
# hour, and asked for when the API is ready.
set -euo pipefail
# shellcheck source=/dev/null
source "${BAYOU_ROOT:-}/opt/bayou/kubernetes.sh"

# Whatever was stopped in between: the key does not stay.
forget() {
  rm -f "$KUBERNETES/bootstrap.conf" "$PKI/bootstrap.key" "$PKI/bootstrap.crt" "$BAYOU_STATE/bootstrap"
}
if [ -e "$BAYOU_STATE/bootstrapped" ]; then
  forget
  exit 0
fi

rights() {
  cat <<END
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: bayou:apiserver-kubelet-client}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: system:kubelet-api-admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: bayou:apiserver-kubelet-client}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: bayou:node-manager}
rules:
  - {apiGroups: [""], resources: [nodes], verbs: [get, list, patch, delete]}
  - {apiGroups: [""], resources: [pods], verbs: [get, list]}
  - {apiGroups: [""], resources: [pods/eviction], verbs: [create]}
  - {apiGroups: [policy], resources: [poddisruptionbudgets], verbs: [get, list]}
  - {nonResourceURLs: [/metrics], verbs: [get]}
  - {apiGroups: [apps], resources: [daemonsets, deployments, statefulsets, replicasets], verbs: [get, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: bayou:node-manager}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: bayou:node-manager}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: bayou:node-manager}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: bayou:addons}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: bayou:addons}]
END
}

get_certificate bootstrap "$BAYOU_STATE/bootstrap" "$PKI/bootstrap.key" "$PKI/bootstrap.crt" "$PKI/nodes-ca.crt" 300
kubeconfig bootstrap | replace "$KUBERNETES/bootstrap.conf" 0600 || true
if ! rights | kubectl --kubeconfig "$KUBERNETES/bootstrap.conf" apply --filename -; then
  give_up 'the API does not take the rights of the others'
fi
touch "$BAYOU_STATE/bootstrapped"
forget
