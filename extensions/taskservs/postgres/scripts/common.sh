# shellcheck shell=bash disable=SC1091,SC2034
# What the scripts share: the parameters, the configuration as it should be, and ways to the server.
# shellcheck source-path=SCRIPTDIR source=../../../lib/taskserv.sh
. "$PROV_LIB/taskserv.sh"

PG_VERSION=15
PG_BIN=/usr/lib/postgresql/$PG_VERSION/bin
PG_CONFIG=/etc/postgresql/$PG_VERSION/main
PG_DATA=/var/lib/postgresql/$PG_VERSION/main
PG_SOCKET=/var/run/postgresql
PG_NAME='[a-z_][a-z0-9_]{0,62}'
# systemd knows a cluster by version and name; the runner has only ours.
if svc_has_systemd; then SERVICE=postgresql@$PG_VERSION-main; else SERVICE=postgresql; fi

PORT=$(ts_int port 1 65535)
PURGE_DATA=$(ts_bool purge_data)
LISTEN=$(ts_list listen_addresses '[0-9A-Fa-f.:]+|[*]|localhost' 'an IP address, localhost or *')
NETWORKS=$(ts_list allowed_networks 'samenet|[0-9]{1,3}([.][0-9]{1,3}){3}/[0-9]{1,2}|[0-9A-Fa-f:]+/[0-9]{1,3}' \
    'samenet or a network such as 10.0.0.0/8')
DATABASES=$(ts_list databases "$PG_NAME" 'lower-case letters, digits and _')
ROLE=$(ts_text user "$PG_NAME" 'lower-case letters, digits and _')
case $ROLE in postgres | pg_* | public | none) ts_fail 78 "parameter user: $ROLE is PostgreSQL's own" ;; esac
[ -n "$LISTEN" ] || LISTEN=$(printf '%s\n' "$PROV_ADDRESS" 127.0.0.1 | sort -u)
# Where check asks: the host's own address when PostgreSQL listens there.
ASK=$(grep -xF -- "$PROV_ADDRESS" <<<"$LISTEN" || head -n 1 <<<"$LISTEN")
if [ "$ASK" = '*' ]; then ASK=$PROV_ADDRESS; fi

wanted_packages() {
    ts_account postgres postgresql-common
    ts_account ssl-cert ssl-cert
    ts_packages postgresql-$PG_VERSION postgresql-client-$PG_VERSION postgresql-common
}

wanted_config() {
    local network
    {
        cat "$PROV_RENDERED/provisioning.conf"
        echo "listen_addresses = '${LISTEN//$'\n'/,}'"
    } >"$TS_TMP/provisioning.conf"
    {
        cat "$PROV_RENDERED/pg_hba.conf"
        for network in $NETWORKS; do echo "host    all       \"$ROLE\"  $network  scram-sha-256"; done
    } >"$TS_TMP/pg_hba.conf"
    ts_put "$TS_TMP/provisioning.conf" $PG_CONFIG/conf.d/provisioning.conf postgres:postgres 644
    ts_put "$TS_TMP/pg_hba.conf" $PG_CONFIG/pg_hba.conf postgres:postgres 640
}

# SQL on standard input, as the superuser through the socket. An error shows its code alone, for the statement may
# have the password in it; the server is told the same.
as_superuser() {
    (
        cd /
        { echo "SET log_min_error_statement = panic; SET log_statement = 'none';" && cat; } |
            setpriv --reuid=postgres --regid=postgres --init-groups env -i LC_ALL=C.UTF-8 PSQLRC=/dev/null \
                $PG_BIN/psql -h $PG_SOCKET -p "$PORT" -U postgres -d postgres -XAtq \
                -v ON_ERROR_STOP=1 -v VERBOSITY=sqlstate
    )
}

# Logs in over TCP with the password, as an application does. Says what is wrong.
login_works() { # DATABASE
    # A : or \ of the password is written with a \ before it.
    { printf '*:*:*:*:' && sed 's/[\\:]/\\&/g' "$PROV_SECRETS/password" && echo; } >"$TS_TMP/pgpass"
    chmod 600 "$TS_TMP/pgpass"
    PGPASSFILE=$TS_TMP/pgpass PGCONNECT_TIMEOUT=5 timeout 10 $PG_BIN/psql -w -h "$ASK" -p "$PORT" -U "$ROLE" -d "$1" \
        -XAtqc 'select 1' 2>&1 </dev/null | grep -v '^$' >"$TS_TMP/answer" || true
    [ "$(cat "$TS_TMP/answer")" = 1 ]
}
