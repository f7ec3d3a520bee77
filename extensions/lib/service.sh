# shellcheck shell=sh
# service.sh: long-running programs, the same way on every host. POSIX sh.
#
# With systemd the unit of that name does the work (packages bring it); without, the agent's service runner does.
# Both outlive the step which calls this. Needs PROV_AGENT on a host without systemd.
#
#   svc_define NAME USER -- PROGRAM ARGS...   the command line for a host without systemd; it stays in the foreground
#   svc_start NAME           returns when systemd says it is up; the runner returns at once
#   svc_start_nowait NAME    for a program that becomes ready only when other hosts are there
#   svc_stop, svc_restart NAME
#   svc_reload NAME          the runner cannot reload, so there it restarts
#   svc_running NAME         true when it runs
#   svc_log NAME             the last lines it printed, for the message that says it does not come up
#   svc_remove NAME          stops it and forgets svc_define; a package's unit goes with its package

svc_has_systemd() {
    [ -d /run/systemd/system ]
}

# A unit without a time limit of its own must not hold the step for ever.
svc_systemctl() {
    timeout 300 systemctl "$@"
}

svc_runner() {
    "$PROV_AGENT" service "$@"
}

svc_define() {
    if svc_has_systemd; then return 0; fi
    svc_name_=$1 svc_user_=$2
    shift 3
    svc_runner define "$svc_name_" --user "$svc_user_" -- "$@"
}

svc_start() {
    if svc_has_systemd; then svc_systemctl start "$1"; else svc_runner start "$1"; fi
}

svc_start_nowait() {
    if svc_has_systemd; then systemctl start --no-block "$1"; else svc_runner start "$1"; fi
}

svc_stop() {
    if svc_has_systemd; then svc_systemctl stop "$1"; else svc_runner stop "$1"; fi
}

svc_restart() {
    if svc_has_systemd; then svc_systemctl restart "$1"; else svc_runner restart "$1"; fi
}

svc_reload() {
    if svc_has_systemd; then svc_systemctl reload "$1"; else svc_runner restart "$1"; fi
}

svc_running() {
    if svc_has_systemd; then
        systemctl is-active --quiet "$1"
    else
        svc_runner status "$1" >/dev/null 2>&1
    fi
}

svc_log() {
    if svc_has_systemd; then
        journalctl --no-pager -q -n 20 -u "$1" || true
    else
        tail -n 20 "/var/log/provisioning-services/$1.log" || true
    fi
}

svc_remove() {
    if svc_has_systemd; then
        # A unit that is not there (any more) is not an error: uninstall may have been interrupted.
        svc_systemctl stop "$1" 2>/dev/null || true
        return 0
    fi
    svc_status_=0
    svc_runner status "$1" >/dev/null 2>&1 || svc_status_=$?
    [ "$svc_status_" = 4 ] || svc_runner remove "$1"
}
