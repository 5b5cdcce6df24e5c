#!/usr/bin/env bash
# What the plugin uses of DevStack's function library, as DevStack documents it, for a cloud that is there already: OS_*
# is its admin, DATABASE_* and RABBIT_* its servers. DEST takes everything else.
# shellcheck disable=SC2034 # The plugin reads them.

: "${DEST:?}" "${OS_AUTH_URL:?}" "${SERVICE_PASSWORD:?}"
DATA_DIR=$DEST/data
STACK_USER=$(id -un)
SERVICE_HOST=${SERVICE_HOST:-127.0.0.1}
SERVICE_LISTEN_ADDRESS=127.0.0.1
SERVICE_PROTOCOL=http
SERVICE_PROJECT_NAME=service
SERVICE_TIMEOUT=60
REGION_NAME=${OS_REGION_NAME:-RegionOne}
ENABLE_DEBUG_LOG_LEVEL=True
PUBLIC_NETWORK_NAME=${PUBLIC_NETWORK_NAME:-public}
TEMPEST_CONFIG=$DEST/tempest/etc/tempest.conf
GIT_BASE=https://opendev.org
ENABLED_SERVICES=${ENABLED_SERVICES:-key,horizon,tempest,heat,magnum-api}
DEVSTACK_PLUGINS=heat
mkdir -p "$DATA_DIR/run" "$DEST/tempest/etc" "$DEST/horizon/openstack_dashboard/local/enabled"

function echo_summary { echo "== $*"; }
function die {
    echo "line $1: ${*:2}" >&2
    exit 1
}
function sudo { "$@"; }

function define_plugin { DEVSTACK_PLUGINS+=,$1; }
function is_plugin_enabled { [[ ,$DEVSTACK_PLUGINS, == *,$1,* ]]; }
function enable_service {
    local service
    for service; do is_service_enabled "$service" || ENABLED_SERVICES+=,$service; done
}
function disable_service {
    local service
    for service; do
        ENABLED_SERVICES=,$ENABLED_SERVICES,
        ENABLED_SERVICES=${ENABLED_SERVICES/,$service,/,}
        ENABLED_SERVICES=${ENABLED_SERVICES#,}
        ENABLED_SERVICES=${ENABLED_SERVICES%,}
    done
}
# Any of them.
function is_service_enabled {
    local service
    for service; do
        if [[ ,$ENABLED_SERVICES, == *,$service,* ]]; then return 0; fi
    done
    return 1
}

function install_package { die $LINENO "nothing is installed here: $*"; }
# The one repository that is cloned: its panels are all that matters.
function git_clone {
    mkdir -p "$2/magnum_ui/enabled"
    touch "$2/magnum_ui/enabled/_1370_project_container_infra_panelgroup.py"
}
function setup_develop { [[ -d $1 ]]; }

# iniset FILE SECTION OPTION VALUE
function iniset {
    local file=$1 section=$2 option=$3 value=${*:4}
    grep -q "^\[$section\]" "$file" 2>/dev/null || printf '[%s]\n' "$section" >>"$file"
    sed -i "/^\[$section\]/,/^\[.*\]/ {/^${option}[ =]/d}" "$file"
    sed -i "/^\[$section\]/a $option = $value" "$file"
}
function iniset_rpc_backend {
    iniset "$2" DEFAULT transport_url "rabbit://$RABBIT_USERID:$RABBIT_PASSWORD@$RABBIT_HOST:5672/"
}
function configure_keystone_authtoken_middleware {
    local file=$1 section=keystone_authtoken
    iniset "$file" $section interface public
    iniset "$file" $section auth_type password
    iniset "$file" $section auth_url "$OS_AUTH_URL"
    iniset "$file" $section username "$2"
    iniset "$file" $section password "$SERVICE_PASSWORD"
    iniset "$file" $section user_domain_name Default
    iniset "$file" $section project_name "$SERVICE_PROJECT_NAME"
    iniset "$file" $section project_domain_name Default
    iniset "$file" $section memcached_servers localhost:11211
}

# Not the name that is asked for: the server has other databases.
function database_connection_url {
    echo "mysql+pymysql://$DATABASE_USER:$DATABASE_PASSWORD@$DATABASE_HOST/devstack_$1?charset=utf8&plugin=dbcounter"
}
function recreate_database {
    MYSQL_PWD=$DATABASE_PASSWORD mariadb --no-defaults --user="$DATABASE_USER" --host="$DATABASE_HOST" \
        --execute="DROP DATABASE IF EXISTS devstack_$1; CREATE DATABASE devstack_$1 CHARACTER SET utf8"
}

function get_or_create_domain { openstack domain create "$1" --description "$2" --or-show -f value -c id; }
# get_or_create_user NAME PASSWORD DOMAIN
function get_or_create_user {
    openstack user create "$1" --password "$2" --domain "$3" --or-show -f value -c id
}
function get_or_add_user_domain_role {
    openstack role add "$1" --user "$2" --domain "$3"
    echo "$1"
}
function create_service_user {
    local id
    id=$(get_or_create_user "$1" "$SERVICE_PASSWORD" default)
    openstack role add "${2:-service}" --user "$id" --project "$SERVICE_PROJECT_NAME"
}
function get_or_create_service {
    openstack service show "$2" -f value -c id 2>/dev/null ||
        openstack service create "$2" --name "$1" --description "$3" -f value -c id
}
# get_or_create_endpoint SERVICE REGION PUBLIC ADMIN INTERNAL
function get_or_create_endpoint {
    local kinds=(public admin internal) urls=("${@:3}") at id
    for at in 0 1 2; do
        id=$(openstack endpoint list --service "$1" --interface "${kinds[$at]}" --region "$2" -f value -c ID)
        [[ -n $id ]] || id=$(openstack endpoint create "$1" "${kinds[$at]}" "${urls[$at]}" --region "$2" -f value -c id)
        echo "$id"
    done
}

# run_process SERVICE COMMAND
function run_process {
    is_service_enabled "$1" || return 0
    # shellcheck disable=SC2086 # One string, as in DevStack, which splits it too.
    setsid $2 >"$DATA_DIR/$1.log" 2>&1 </dev/null &
    echo $! >"$DATA_DIR/run/$1.pid"
}
function stop_process {
    local file=$DATA_DIR/run/$1.pid pid
    [[ -e $file ]] || return 0
    pid=$(<"$file")
    kill "$pid" 2>/dev/null || true
    timeout 30 tail --pid="$pid" -f /dev/null
    rm "$file"
}
# wait_for_service SECONDS URL
function wait_for_service {
    # shellcheck disable=SC2016 # The inner one's.
    timeout "$1" bash -c 'until curl --noproxy "*" -s -o /dev/null "$1"; do sleep 0.2; done' - "$2"
}
