# shellcheck shell=bash disable=SC1091,SC2034
# What the scripts share: the parameters, and the configuration as it should be.
# shellcheck source-path=SCRIPTDIR source=../../../lib/taskserv.sh
. "$PROV_LIB/taskserv.sh"

SITES=/etc/nginx
STATUS_CONFIG=/etc/provisioning-status
STATUS_PROGRAM=/usr/local/lib/provisioning-status
# With systemd the package's socket unit starts fcgiwrap; the runner starts our own.
if svc_has_systemd; then FCGI_SERVICE=fcgiwrap.socket; else FCGI_SERVICE=fcgiwrap; fi

PORT=$(ts_int port 1 65535)
ts_text server_name '_|[A-Za-z0-9*]([A-Za-z0-9.*-]{0,252})' 'a host name, or _ for any' >/dev/null
ts_int postgres_port 1 65535 >/dev/null
ts_int redis_port 1 65535 >/dev/null
ts_text postgres_user '[a-z_][a-z0-9_]{0,62}' 'lower-case letters, digits and _' >/dev/null
ts_text postgres_database '[a-z_][a-z0-9_]{0,62}' 'lower-case letters, digits and _' >/dev/null

# The page trusts these lines, so they are looked at here: one key, one name, perhaps one address.
check_hosts() {
    local strange
    strange=$(grep -vE '^(#.*|[a-z_]+ [A-Za-z0-9._/-]+( [0-9A-Fa-f.:]+)?|)$' "$PROV_RENDERED/status.conf" || true)
    [ -z "$strange" ] || ts_fail 78 "not a host name and an address: $(head -n 1 <<<"$strange" | tr -cd '[:print:]')"
}

wanted_config() {
    ts_folder $STATUS_PROGRAM root:root 755
    ts_put "$PROV_DIR/scripts/status.cgi" $STATUS_PROGRAM/status.cgi root:root 755
    ts_folder $STATUS_CONFIG root:root 755
    grep -E '.' "$PROV_RENDERED/status.conf" >"$TS_TMP/status.conf"
    ts_put "$TS_TMP/status.conf" $STATUS_CONFIG/status.conf root:root 644
    # A : or \ of the password is written with a \ before it.
    { printf '*:*:*:*:' && sed 's/[\\:]/\\&/g' "$PROV_SECRETS/password" && echo; } >"$TS_TMP/pgpass"
    ts_put "$TS_TMP/pgpass" $STATUS_CONFIG/pgpass www-data:www-data 600
    # Requests wait for one another when there is one process; the unit takes a single word, so the options are joined.
    echo 'DAEMON_OPTS=-fc4' >"$TS_TMP/fcgiwrap"
    ts_put "$TS_TMP/fcgiwrap" /etc/default/fcgiwrap root:root 644
}

wanted_site() {
    ts_put "$PROV_RENDERED/site" $SITES/sites-available/provisioning root:root 644
    ts_link ../sites-available/provisioning $SITES/sites-enabled/provisioning
    # Debian's welcome page would be a second default server.
    ts_absent $SITES/sites-enabled/default
}

wanted_packages() {
    ts_made_by_package /var/www
    ts_made_by_package /var/www/html
    ts_made_by_package /var/www/html/index.nginx-debian.html
    # spawn-fcgi by name, or fcgiwrap would bring systemd to a host without it.
    ts_packages nginx spawn-fcgi fcgiwrap postgresql-client-15 redis-tools curl
}

# The page's HTTP code goes to $CODE, what it says as data to $TS_TMP/page.
page_answers() { # PATH
    CODE=$(curl -s --noproxy '*' --max-time 30 -o "$TS_TMP/page" -w '%{http_code}' "http://127.0.0.1:$PORT$1" || true)
    [ "$CODE" = 200 ] || [ "$CODE" = 503 ]
}
