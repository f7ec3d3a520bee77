# shellcheck shell=bash disable=SC1091
# What install and check share: the parameters, and the configuration as it should be.
# shellcheck source-path=SCRIPTDIR source=../../../lib/taskserv.sh
. "$PROV_LIB/taskserv.sh"

PORT=$(ts_int port 1 65535)
BIND=$(ts_list bind '[0-9A-Fa-f.:]+' 'an IP address')
ts_text maxmemory '(0|[1-9][0-9]{0,14})([kmg]b?|b)?' 'a number of bytes such as 64mb' >/dev/null
[ -n "$BIND" ] || BIND=$(printf '%s\n' "$PROV_ADDRESS" 127.0.0.1 | sort -u)
# Where check asks: the host's own address when Redis listens there.
ASK=$(grep -xF -- "$PROV_ADDRESS" <<<"$BIND" || head -n 1 <<<"$BIND")

wanted_config() {
    ts_packages redis-server redis-tools
    # shellcheck disable=SC2086 # one address a line becomes one line
    { cat "$PROV_RENDERED/redis.conf" && echo "bind" $BIND; } >"$TS_TMP/redis.conf"
    ts_put "$TS_TMP/redis.conf" /etc/redis/redis.conf redis:redis 640
}

ping_answer() {
    timeout 5 redis-cli -h "$ASK" -p "$PORT" ping 2>&1 || true
}

answers() {
    [ "$(ping_answer)" = PONG ]
}
