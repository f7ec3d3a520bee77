#!/bin/sh
# One of ten idempotent steps for a small service in a host's own folder: file_step.sh NUMBER FOLDER. Looks first, and
# ends with 10 when there was nothing to do. The same ten as in the Ansible play of the peers.
set -eu
root=$2 version=1.0.0 port=8080
release=$root/releases/$version

unchanged() { exit 10; }
folder() { # PATH MODE
  [ "$(stat -c '%F %a' "$1" 2>/dev/null)" != "directory $2" ] || unchanged
  mkdir -p "$1" && chmod "$2" "$1"
}
file() { # PATH MODE, and its text on standard input
  cat >"$1.new" && chmod "$2" "$1.new"
  if cmp -s "$1" "$1.new" && [ "$(stat -c %a "$1")" = "$2" ]; then rm "$1.new" && unchanged; fi
  mv "$1.new" "$1"
}

case $1 in
  1) folder "$root" 755 ;;
  2) folder "$root/home/svc" 700 ;;
  3) folder "$release" 755 ;;
  4) printf '#!/bin/sh\necho %s\n' "$version" | file "$release/run" 755 ;;
  5)
    [ "$(readlink "$root/current" || true)" != "$release" ] || unchanged
    ln -sfn "$release" "$root/current"
    ;;
  6) printf 'port = %s\nversion = %s\nroot = %s\n' "$port" "$version" "$root" | file "$root/app.conf" 644 ;;
  7) printf 'PORT=%s\n' "$port" | file "$root/env" 600 ;;
  8)
    ! grep -qx 'svc nofile 65536' "$root/limits" 2>/dev/null || unchanged
    echo 'svc nofile 65536' >>"$root/limits"
    ;;
  9)
    [ ! -e "$root/started" ] || unchanged
    date >"$root/started"
    ;;
  10) [ "$("$root/current/run")" = "$version" ] && unchanged ;;
  *) exit 2 ;;
esac
