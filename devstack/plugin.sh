#!/usr/bin/env bash
# Bayou in DevStack: `enable_plugin bayou <url>` in local.conf. DevStack sources this file once per phase, with its
# functions and settings: docs/devstack.md.
#
# shellcheck disable=SC2154 # Variables are DevStack's, or of devstack/settings.

BAYOU_NODE_MAJOR=20

# The version of Node that is there may be another service's: only one that is too old is replaced.
function install_bayou_node {
    local major
    major=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\).*/\1/p')
    if [[ ${major:-0} -ge $BAYOU_NODE_MAJOR ]]; then return; fi
    if ! apt-cache policy nodejs 2>/dev/null | grep -q "Candidate: $BAYOU_NODE_MAJOR\|Candidate: 2[1-9]"; then
        curl -fsSL "https://deb.nodesource.com/setup_$BAYOU_NODE_MAJOR.x" | sudo -E bash - ||
            die $LINENO "No package of Node $BAYOU_NODE_MAJOR"
    fi
    install_package nodejs
}

# `npm ci` builds, too.
function install_bayou {
    install_bayou_node
    (cd "$BAYOU_DIR" && npm ci --no-audit --no-fund) || die $LINENO "Bayou was not built"
}

function install_bayou_ui {
    git_clone "$MAGNUM_UI_REPO" "$MAGNUM_UI_DIR" "$MAGNUM_UI_BRANCH"
    setup_develop "$MAGNUM_UI_DIR"
}

# A folder of STACK_USER, whom the services run as.
function make_bayou_folder {
    sudo mkdir -p "$1"
    sudo chown "$STACK_USER" "$1"
    sudo chmod 0750 "$1"
}

function configure_bayou {
    make_bayou_folder "$BAYOU_CONF_DIR"
    make_bayou_folder "$BAYOU_STATE_PATH"
    rm -f "$BAYOU_CONF"
    (umask 077 && touch "$BAYOU_CONF")

    iniset "$BAYOU_CONF" DEFAULT debug "$ENABLE_DEBUG_LOG_LEVEL"
    iniset "$BAYOU_CONF" DEFAULT state_path "$BAYOU_STATE_PATH"
    iniset_rpc_backend bayou "$BAYOU_CONF"
    iniset "$BAYOU_CONF" database connection "$(database_connection_url bayou)"
    configure_keystone_authtoken_middleware "$BAYOU_CONF" bayou
    iniset "$BAYOU_CONF" keystone_authtoken region_name "$REGION_NAME"
    configure_bayou_listeners
    configure_bayou_secrets

    iniset "$BAYOU_CONF" trust trustee_domain_name "$BAYOU_TRUSTEE_DOMAIN"
    iniset "$BAYOU_CONF" trust trustee_domain_admin_name "$BAYOU_TRUSTEE_DOMAIN_ADMIN"
    iniset "$BAYOU_CONF" trust trustee_domain_admin_password "$BAYOU_TRUSTEE_DOMAIN_ADMIN_PASSWORD"

    iniset "$BAYOU_CONF" oslo_policy policy_file "$BAYOU_POLICY"
    [[ -e $BAYOU_POLICY ]] || echo '# Changed rules, over the defaults: docs/policy.md' >"$BAYOU_POLICY"
    if [[ -n $BAYOU_MIRROR_URL ]]; then
        iniset "$BAYOU_CONF" kubernetes mirror_url "$BAYOU_MIRROR_URL"
    fi
}

# A proxy in front ends TLS of the API; nodes come to the node listener itself, which knows them by their certificates.
function configure_bayou_listeners {
    if is_service_enabled tls-proxy; then
        iniset "$BAYOU_CONF" api host 127.0.0.1
        iniset "$BAYOU_CONF" api port "$BAYOU_SERVICE_PORT_INT"
        iniset "$BAYOU_CONF" api public_endpoint "$(bayou_endpoint)"
        iniset "$BAYOU_CONF" drivers openstack_ca_file "$SSL_BUNDLE_FILE"
    else
        iniset "$BAYOU_CONF" api host "$SERVICE_LISTEN_ADDRESS"
        iniset "$BAYOU_CONF" api port "$BAYOU_SERVICE_PORT"
    fi
    iniset "$BAYOU_CONF" node_listener host "$SERVICE_LISTEN_ADDRESS"
    iniset "$BAYOU_CONF" node_listener port "$BAYOU_NODE_LISTENER_PORT"
    iniset "$BAYOU_CONF" node_listener public_url "https://$BAYOU_SERVICE_HOST:$BAYOU_NODE_LISTENER_PORT"
    iniset "$BAYOU_CONF" metrics port "$BAYOU_METRICS_PORT"
}

# What seals secrets is kept from one stack.sh to the next, as long as there is a database that it opens.
function configure_bayou_secrets {
    local key=$BAYOU_STATE_PATH/secret.key
    [[ -s $key ]] || (umask 077 && openssl rand -base64 32 >"$key")
    iniset "$BAYOU_CONF" bayou secret_key_file "$key"
}

# Without /v1, which belongs to the catalog.
function bayou_endpoint {
    echo "$BAYOU_SERVICE_PROTOCOL://$BAYOU_SERVICE_HOST:$BAYOU_SERVICE_PORT"
}

# The service user grants clusters' accounts their roles, hence admin; they live in a domain with an admin of its own.
function create_bayou_accounts {
    local url domain user
    create_service_user bayou admin
    url=$(bayou_endpoint)/v1
    get_or_create_service magnum container-infra 'Container Infrastructure Management Service' >/dev/null
    get_or_create_endpoint container-infra "$REGION_NAME" "$url" "$url" "$url" >/dev/null

    domain=$(get_or_create_domain "$BAYOU_TRUSTEE_DOMAIN" 'Accounts of clusters')
    user=$(get_or_create_user "$BAYOU_TRUSTEE_DOMAIN_ADMIN" "$BAYOU_TRUSTEE_DOMAIN_ADMIN_PASSWORD" "$domain")
    get_or_add_user_domain_role admin "$user" "$domain" >/dev/null
}

# magnum-ui talks to whatever the catalog has; its files come into effect when Horizon starts.
function configure_bayou_ui {
    cp -a "$MAGNUM_UI_DIR"/magnum_ui/enabled/_*.py "$DEST/horizon/openstack_dashboard/local/enabled/"
}

function init_bayou {
    recreate_database bayou
    bayou_command db upgrade || die $LINENO "Bayou's database has no schema"
}

function bayou_command {
    node "$BAYOU_DIR/dist/cli/main.js" "$@" --config-file "$BAYOU_CONF"
}

function start_bayou {
    local url=http://$BAYOU_SERVICE_HOST:$BAYOU_SERVICE_PORT/
    local program="$BAYOU_DIR/dist/cli/main.js"
    # Absolute paths, for systemd. Each process tells its own metrics.
    local env node
    env=$(command -v env)
    node=$(command -v node)
    run_process bayou-api "$node $program api --config-file $BAYOU_CONF"
    run_process bayou-cond \
        "$env BAYOU_METRICS__PORT=$BAYOU_CONDUCTOR_METRICS_PORT $node $program conductor --config-file $BAYOU_CONF"
    if is_service_enabled tls-proxy; then
        url=http://127.0.0.1:$BAYOU_SERVICE_PORT_INT/
        start_tls_proxy bayou '*' "$BAYOU_SERVICE_PORT" "$BAYOU_SERVICE_HOST" "$BAYOU_SERVICE_PORT_INT"
    fi
    if is_service_enabled bayou-api; then
        wait_for_service "$SERVICE_TIMEOUT" "$url" || die $LINENO "Bayou's API did not start"
    fi
}

function stop_bayou {
    stop_process bayou-api
    stop_process bayou-cond
}

function cleanup_bayou {
    sudo rm -rf "$BAYOU_STATE_PATH" "$BAYOU_CONF_DIR"
    rm -f "$DEST"/horizon/openstack_dashboard/local/enabled/_*container_infra*.py
}

# What magnum-tempest-plugin reads; its accounts may order a cluster when they may order a stack.
function configure_tempest_for_bayou {
    iniset "$TEMPEST_CONFIG" service_available magnum True
    iniset "$TEMPEST_CONFIG" magnum coe "$BAYOU_TEMPEST_COE"
    iniset "$TEMPEST_CONFIG" magnum image_id "$BAYOU_TEMPEST_IMAGE"
    iniset "$TEMPEST_CONFIG" magnum flavor_id "$BAYOU_TEMPEST_FLAVOR"
    iniset "$TEMPEST_CONFIG" magnum master_flavor_id "$BAYOU_TEMPEST_FLAVOR"
    iniset "$TEMPEST_CONFIG" magnum nic_id "$PUBLIC_NETWORK_NAME"
    iniset "$TEMPEST_CONFIG" magnum copy_logs False
}

function bayou_phase {
    case "$1 ${2:-}" in
    'stack install')
        echo_summary 'Installing Bayou'
        install_bayou
        if is_service_enabled horizon; then install_bayou_ui; fi
        ;;
    'stack post-config')
        echo_summary 'Configuring Bayou'
        configure_bayou
        if is_service_enabled key; then create_bayou_accounts; fi
        if is_service_enabled horizon; then configure_bayou_ui; fi
        ;;
    'stack extra')
        echo_summary 'Starting Bayou'
        init_bayou
        start_bayou
        ;;
    'stack test-config')
        if is_service_enabled tempest; then configure_tempest_for_bayou; fi
        ;;
    'unstack ') stop_bayou ;;
    'clean ') cleanup_bayou ;;
    esac
}

if is_service_enabled bayou-api bayou-cond; then
    bayou_phase "$@"
fi
