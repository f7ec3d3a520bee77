# shellcheck shell=bash disable=SC1091,SC2034
# What the scripts share: the parameters, the configuration as it should be, and questions to etcd.
# shellcheck source-path=SCRIPTDIR source=../../../lib/taskserv.sh
. "$PROV_LIB/taskserv.sh"

CONFIG=/etc/etcd/provisioning.yml
IPV4='[0-9]{1,3}([.][0-9]{1,3}){3}'
CLIENT_PORT=$(ts_int client_port 1 65535)
PEER_PORT=$(ts_int peer_port 1 65535)
PURGE_DATA=$(ts_bool purge_data)
DATA_DIR=$(ts_text data_dir '(/var/lib/etcd|/srv|/mnt|/opt)(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+' \
    'a folder below /var/lib/etcd, /srv, /mnt or /opt')

# One "hostname address" a line. They go into URLs and YAML, so they are looked at here.
MEMBERS=$(grep -E '.' "$PROV_RENDERED/members" || true)
check_members() {
    local strange
    strange=$(grep -vE "^[A-Za-z0-9][A-Za-z0-9.-]* $IPV4\$" <<<"$MEMBERS" || true)
    [ -z "$strange" ] || ts_fail 78 "not a host name and an IPv4 address: $(head -n 1 <<<"$strange" | tr -cd '[:print:]')"
    grep -qxF -- "$PROV_HOSTNAME $PROV_ADDRESS" <<<"$MEMBERS" ||
        ts_fail 78 "this host, $PROV_HOSTNAME $PROV_ADDRESS, is not among the infra's hosts with etcd"
    [[ $PROV_WORKSPACE/$PROV_INFRA =~ ^[A-Za-z0-9._/-]+$ ]] || ts_fail 78 "strange name of workspace or infra"
}

is_alone() {
    [ "$(wc -l <<<"$MEMBERS")" = 1 ]
}

has_data() {
    [ -d "$DATA_DIR/member" ]
}

wanted_packages() {
    ts_packages etcd-server curl
}

# A member that has data knows its cluster, whatever the list of hosts says now: what it began with is kept.
# JOIN, when set, is the value of initial-cluster for joining a running cluster.
wanted_yaml() {
    # No comma after the last one.
    sed '/^initial-cluster:/ s/,"$/"/' "$PROV_RENDERED/provisioning.yml" >"$TS_TMP/etcd.yml"
    if [ -n "${JOIN-}" ]; then
        sed -i -e '/^initial-cluster-state:/ s/"new"/"existing"/' -e "s|^initial-cluster:.*|initial-cluster: \"$JOIN\"|" \
            "$TS_TMP/etcd.yml"
    elif has_data && [ -f $CONFIG ]; then
        sed -i '/^initial-cluster/ d' "$TS_TMP/etcd.yml"
        grep '^initial-cluster' $CONFIG >>"$TS_TMP/etcd.yml"
    fi
    # The order of the lines has no meaning, and must not make a difference either.
    sort "$TS_TMP/etcd.yml" >"$TS_TMP/etcd.sorted.yml"
}

wanted_config() {
    check_members
    wanted_yaml
    ts_folder /etc/etcd root:root 755
    ts_put "$TS_TMP/etcd.sorted.yml" $CONFIG root:root 644
    echo "DAEMON_ARGS=--config-file=$CONFIG" >"$TS_TMP/default"
    ts_put "$TS_TMP/default" /etc/default/etcd root:root 644
}

ask() { # URL [CURL OPTIONS...]
    curl -s --noproxy '*' --connect-timeout 2 --max-time 3 "$@"
}

healthy() { # ADDRESS
    ask "http://$1:$CLIENT_PORT/health" | grep -q '"health":"true"'
}

# The peer port answers even while the cluster has no majority.
peer_answers() { # ADDRESS
    ask "http://$1:$PEER_PORT/version" | grep -q etcdserver
}

# The members as the cluster knows them, one JSON object a line.
cluster_members() { # ADDRESS TO ASK
    ask "http://$1:$CLIENT_PORT/v3/cluster/member/list" -d '{}' | grep -o '{"ID":[^}]*}'
}

member_id() { # reads JSON objects; prints the id of this host's
    grep -F "\"http://$PROV_ADDRESS:$PEER_PORT\"" | sed -n 's/.*"ID":"\([0-9]*\)".*/\1/p'
}
