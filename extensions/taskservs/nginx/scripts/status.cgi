#!/bin/sh
# The status page: asks every PostgreSQL and Redis of the infra, now, and says so as HTML or (/status.json) JSON.
# Runs as www-data behind fcgiwrap. What it asks stands in status.conf, the password in pgpass, which only it can read.
# Names and addresses were checked when status.conf was installed, so they need no escaping.
set -u
PATH=/usr/lib/postgresql/15/bin:/usr/bin:/bin
CONFIG=/etc/provisioning-status
export PGPASSFILE=$CONFIG/pgpass PGCONNECT_TIMEOUT=2 LC_ALL=C.UTF-8

all_ok=true json='' rows='' here='' infra=''
postgres_port=5432 postgres_user=app postgres_database=app redis_port=6379

ask() { # KIND ADDRESS; prints what it answers
    case $1 in
    postgres)
        timeout 3 psql -w -h "$2" -p "$postgres_port" -U "$postgres_user" -d "$postgres_database" -XAtqc 'select 1'
        ;;
    redis) timeout 3 redis-cli -h "$2" -p "$redis_port" ping ;;
    esac 2>/dev/null </dev/null
}

report() { # KIND TITLE QUESTION WANTED HOSTNAME ADDRESS
    begin=$(date +%s%3N)
    if [ "$(ask "$1" "$6")" = "$4" ]; then ok=true word=reached; else ok=false all_ok=false word='not reached'; fi
    ms=$(($(date +%s%3N) - begin))
    json="$json${json:+,}{\"service\":\"$1\",\"hostname\":\"$5\",\"address\":\"$6\",\"ok\":$ok,\"ms\":$ms}"
    rows="$rows<tr class=\"$ok\"><td>$2</td><td>$5</td><td>$6</td><td>$3</td><td>$word</td><td>$ms ms</td></tr>
"
}

while read -r key value address; do
    case $key in
    here) here=$value ;;
    infra) infra=$value ;;
    postgres_port) postgres_port=$value ;;
    postgres_user) postgres_user=$value ;;
    postgres_database) postgres_database=$value ;;
    redis_port) redis_port=$value ;;
    postgres) report postgres PostgreSQL 'select 1' 1 "$value" "$address" ;;
    redis) report redis Redis PING PONG "$value" "$address" ;;
    esac
done <$CONFIG/status.conf

if [ $all_ok = true ]; then
    sentence='Everything this host needs is reachable.'
else
    sentence='Something this host needs is not reachable.'
    printf 'Status: 503 Service Unavailable\r\n'
fi
[ -n "$rows" ] || sentence='This infra has neither PostgreSQL nor Redis, so there is nothing to reach.'
printf 'Cache-Control: no-store\r\n'

if [ "${DOCUMENT_URI:-/}" = /status.json ]; then
    printf 'Content-Type: application/json\r\n\r\n'
    printf '{"ok":%s,"infra":"%s","hostname":"%s","checks":[%s]}\n' "$all_ok" "$infra" "$here" "$json"
    exit 0
fi

printf 'Content-Type: text/html; charset=utf-8\r\n\r\n'
cat <<PAGE
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$here: status</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #ddd; }
.true td:nth-child(5) { color: #176b2c; }
.false td:nth-child(5) { color: #a61b1b; font-weight: bold; }
footer { margin-top: 2rem; color: #666; font-size: .9rem; }
</style>
</head>
<body>
<h1>$here</h1>
<p>$sentence</p>
PAGE
if [ -n "$rows" ]; then
    echo '<table>'
    echo '<tr><th>Service</th><th>Host</th><th>Address</th><th>Asked</th><th>Result</th><th>Time</th></tr>'
    printf '%s</table>\n' "$rows"
fi
cat <<PAGE
<footer>Infra $infra, asked at $(date -u '+%Y-%m-%d %H:%M:%S') UTC. As data: <a href="/status.json">/status.json</a></footer>
</body>
</html>
PAGE
