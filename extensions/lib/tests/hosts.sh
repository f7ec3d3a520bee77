# shellcheck shell=bash
# hosts.sh: throw-away Debian hosts to try task services on, without coordinator and agent. For root, on Linux.
#
#   hosts_begin "$0" "$@"                  once, first: goes on in a mount and process namespace of its own, on a tmpfs,
#                                          so that nothing is left on the machine however the test ends
#   host_up HOST namespace|systemd ADDRESS
#   host_run HOST TASKSERV VERB [SETTING...]  like the agent; settings as dispatch.py takes them; prints the exit code
#                                          last in $RUN_CODE, the output in $RUN_OUTPUT, the time in $RUN_MS
#   host_step HOST MODE TASKSERV VERB [SETTING...]   the same under the real agent's supervisor, in a mode of its own:
#                                          apply, check or rehearse; prints its verdict in $RUN_VERDICT. Needs
#                                          HOSTS_BUILD, the folder of a build, before host_up
#   host_sh HOST COMMAND...                anything else
#   host_down HOST
#
# A host's address is one of 127.0.0.0/8 of the machine's own network, which a host needs to fetch packages; so hosts
# can use the same ports, and nothing is reachable from outside. The Debian base is built once and kept in
# ${XDG_CACHE_HOME:-~/.cache}/provisioning-tests.

HOSTS_LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
HOSTS_TASKSERVS=$(cd "$HOSTS_LIB/../taskservs" && pwd)
HOSTS_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/provisioning-tests
declare -A HOST_KIND HOST_PID HOST_ADDRESS

hosts_say() {
    printf '%s\n' "$*" >&2
}

hosts_begin() { # PROGRAM ARGUMENTS...
    if [ -z "${HOSTS_INSIDE-}" ]; then
        [ "$(id -u)" = 0 ] || { hosts_say "this test needs root" && exit 77; }
        mkdir -p "$HOSTS_CACHE/work"
        # unshare ignores SIGTERM, so this shell stays and ends it, and all in its namespaces, the hard way; when this
        # shell is killed itself, the kernel does.
        HOSTS_INSIDE=1 setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc \
            --propagation private -- "$@" &
        # shellcheck disable=SC2064 # the process of now
        trap "kill -KILL $!; exit 143" TERM INT HUP
        local code=0
        wait $! || code=$?
        exit "$code"
    fi
    # A tmpfs of this namespace alone: the kernel removes it with the namespace.
    mount -t tmpfs -o mode=700,size=6g tmpfs "$HOSTS_CACHE/work"
    HOSTS_WORK=$HOSTS_CACHE/work
    mkdir -p "$HOSTS_WORK/tmp"
    export TMPDIR=$HOSTS_WORK/tmp
    trap hosts_end EXIT
    trap 'exit 143' TERM INT
    hosts_bases
}

hosts_end() {
    local host
    for host in "${!HOST_KIND[@]}"; do host_down "$host" || true; done
}

hosts_mirror() {
    local file
    for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
        if [ -s "$file" ]; then echo "$file" && return; fi
    done
}

# The bases: Debian's smallest, and the same with systemd. Other runs wait for the one that builds.
hosts_bases() {
    local base include
    exec 9>"$HOSTS_CACHE/lock"
    flock 9
    for base in namespace systemd; do
        [ -e "$HOSTS_CACHE/base-$base/etc/debian_version" ] && continue
        hosts_say "building the base for $base hosts, once"
        rm -rf "$HOSTS_CACHE/base-$base" "$HOSTS_CACHE/base-$base.new"
        include=''
        [ $base = namespace ] || include=systemd,systemd-sysv,dbus
        mmdebstrap --quiet --variant=minbase ${include:+--include=$include} bookworm \
            "$HOSTS_CACHE/base-$base.new" "$(hosts_mirror)" >&2
        mv "$HOSTS_CACHE/base-$base.new" "$HOSTS_CACHE/base-$base"
    done
    flock -u 9
}

hosts_podman() {
    local dir=$HOSTS_WORK/podman
    if [ ! -e "$dir/containers.conf" ]; then
        mkdir -p "$dir"
        # Works without CAP_SYS_RESOURCE and without an init on the machine.
        cat >"$dir/containers.conf" <<'CONF'
[containers]
default_ulimits=["nofile=20000:20000","nproc=4096:4096"]
log_driver="k8s-file"
[engine]
cgroup_manager="cgroupfs"
runtime="runc"
events_logger="file"
[network]
network_backend="netavark"
CONF
    fi
    CONTAINERS_CONF=$dir/containers.conf podman --root "$dir/root" --runroot "$dir/run" --tmpdir "$dir/tmp" \
        --network-config-dir "$dir/net" "$@"
}

host_up() { # HOST KIND ADDRESS
    local host=$1 dir=$HOSTS_WORK/$1
    mkdir -p "$dir/upper" "$dir/work" "$dir/root"
    mount -t overlay overlay -o "lowerdir=$HOSTS_CACHE/base-$2,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"
    cp /etc/resolv.conf "$dir/root/etc/resolv.conf"
    printf '127.0.0.1 localhost\n%s %s\n' "$3" "$host" >"$dir/root/etc/hosts"
    mkdir -p "$dir/root/opt/provisioning-agent" "$dir/root/opt/provisioning-task" "$dir/root/var/lib/provisioning-agent"
    local agent=$HOSTS_LIB/tests/stand-in-agent
    [ -z "${HOSTS_BUILD-}" ] || agent=$HOSTS_BUILD/bin/provisioning-agent
    cp "$agent" "$dir/root/opt/provisioning-agent/provisioning-agent"
    # Fetched packages are kept between runs, to be light on the mirror.
    mkdir -p "$HOSTS_CACHE/archives/partial"
    HOST_KIND[$host]=$2 HOST_ADDRESS[$host]=$3
    "host_up_$2" "$host" "$dir"
}

host_up_namespace() { # HOST DIRECTORY
    echo "$1" >"$2/root/etc/hostname"
    # shellcheck disable=SC2016 # expanded inside
    unshare --mount --pid --uts --ipc --fork --kill-child --propagation private bash -c '
        set -eu
        root=$1
        hostname "$2"
        mount -t proc proc "$root/proc"
        mount -t tmpfs -o mode=755 tmpfs "$root/dev"
        mount -t tmpfs -o mode=755 tmpfs "$root/run"
        mkdir "$root/dev/shm" "$root/dev/pts"
        mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
        mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
        ln -s pts/ptmx "$root/dev/ptmx"
        ln -s /proc/self/fd "$root/dev/fd"
        for name in null zero full random urandom tty; do
            touch "$root/dev/$name"
            mount --bind "/dev/$name" "$root/dev/$name"
        done
        mount --bind "$3" "$root/var/cache/apt/archives"
        touch "$4"
        # The first process: takes orphans.
        exec chroot "$root" bash -c "while :; do sleep 1000 & wait; done"
    ' host "$2/root" "$1" "$HOSTS_CACHE/archives" "$2/up" 9>&- &
    echo $! >"$2/unshare.pid"
    # Bash would report its end as an accident.
    disown
    local tries=100
    until [ -e "$2/up" ] || [ $tries = 0 ]; do
        sleep 0.05
        tries=$((tries - 1))
    done
    HOST_PID[$1]=$(pgrep -P "$(cat "$2/unshare.pid")")
}

host_up_systemd() { # HOST DIRECTORY
    # As the local provider's hosts have it with the parameter "rehearsals".
    hosts_podman run --quiet -d --name "$1" --hostname "$1" --network host --systemd=always \
        --cap-add SYS_ADMIN,SYS_PTRACE,NET_ADMIN \
        -v "$HOSTS_CACHE/archives:/var/cache/apt/archives" --rootfs "$2/root" /sbin/init >/dev/null
    local tries=100
    until host_sh "$1" systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded' || [ $tries = 0 ]; do
        sleep 0.1
        tries=$((tries - 1))
    done
}

host_sh() { # HOST COMMAND...
    local host=$1
    shift
    if [ "${HOST_KIND[$host]}" = systemd ]; then
        hosts_podman exec "$host" "$@" </dev/null
    else
        nsenter -t "${HOST_PID[$host]}" --mount --pid --uts --ipc --root --wd \
            env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@" </dev/null 9>&-
    fi
}

host_run() { # HOST TASKSERV VERB [SETTING...]
    local host=$1 taskserv=$2 verb=$3 task=$HOSTS_WORK/$1/root/opt/provisioning-task begin
    shift 3
    rm -rf "$task"
    mkdir -m 700 "$task"
    cp -r "$HOSTS_LIB" "$task/lib"
    "$HOSTS_LIB/tests/dispatch.py" "$HOSTS_TASKSERVS/$taskserv" "$task" "$host" "${HOST_ADDRESS[$host]}" "$verb" "$@"
    begin=$(date +%s%3N) RUN_CODE=0
    # shellcheck disable=SC2016 # expanded on the host
    host_sh "$host" bash -c '
        cd "$1" && . ./environment && rm environment
        export PROV_DIR=$PWD PROV_RENDERED=$PWD/rendered PROV_SECRETS=$PWD/secrets PROV_LIB=$PWD/lib
        export PROV_AGENT=/opt/provisioning-agent/provisioning-agent
        exec setsid --wait "scripts/$2"
    ' task /opt/provisioning-task "$verb" >"$HOSTS_WORK/output" 2>&1 || RUN_CODE=$?
    RUN_MS=$(($(date +%s%3N) - begin)) RUN_OUTPUT=$(cat "$HOSTS_WORK/output")
    rm -rf "$task"
}

host_step() { # HOST MODE TASKSERV VERB [SETTING...]
    local host=$1 mode=$2 taskserv=$3 verb=$4 kind=script begin
    shift 4
    [ "$verb" != check ] || kind=check
    local inside=/var/lib/provisioning-agent/steps/00000000000000000000000000000001-1
    local dir=$HOSTS_WORK/$host/root$inside
    install -d -m 700 "${dir%/*/*}" "${dir%/*}" "$dir" "$dir/work"
    cp -r "$HOSTS_LIB" "$dir/work/lib"
    "$HOSTS_LIB/tests/dispatch.py" "$HOSTS_TASKSERVS/$taskserv" "$dir/work" "$host" "${HOST_ADDRESS[$host]}" "$verb" "$@"
    # shellcheck disable=SC2016 # expanded on the host
    "$HOSTS_BUILD/tests/step_folder" make "$dir" "$mode" "$kind" -- /bin/bash -c '
        . ./environment && rm environment
        export PROV_DIR=$PWD PROV_RENDERED=$PWD/rendered PROV_SECRETS=$PWD/secrets PROV_LIB=$PWD/lib
        export PROV_AGENT=/opt/provisioning-agent/provisioning-agent PROV_MODE=$1 PROV_OUTPUTS=$PWD/outputs
        exec "scripts/$2"
    ' step "$mode" "$verb"
    begin=$(date +%s%3N)
    host_sh "$host" /opt/provisioning-agent/provisioning-agent supervise "$inside"
    RUN_MS=$(($(date +%s%3N) - begin)) RUN_OUTPUT=$(cat "$dir/output")
    RUN_VERDICT=$("$HOSTS_BUILD/tests/step_folder" verdict "$dir")
    RUN_CODE=${RUN_VERDICT%%$'\n'*} RUN_CODE=${RUN_CODE##* }
    rm -rf "${dir%/*}"
}

host_down() { # HOST
    local dir=$HOSTS_WORK/$1
    if [ "${HOST_KIND[$1]}" = systemd ]; then
        hosts_podman rm -f -t 5 "$1" >/dev/null 2>&1 || true
    else
        kill -KILL "$(cat "$dir/unshare.pid")" 2>/dev/null || true
    fi
    unset "HOST_KIND[$1]"
    umount -l "$dir/root" 2>/dev/null || true
    rm -rf "$dir"
}

# ---- what tests say ---------------------------------------------------------------------------------------------

# Runs a step and ends the test when its exit code is another one.
expect() { # CODE HOST TASKSERV VERB [SETTING...]
    local code=$1
    shift
    host_run "$@"
    printf '%-10s %-9s %-9s exit %-3s %6s ms  %s\n' "$1" "$2" "$3" "$RUN_CODE" "$RUN_MS" "${RUN_OUTPUT##*$'\n'}"
    if [ "$RUN_CODE" != "$code" ]; then
        printf '%s\n' "$RUN_OUTPUT"
        fail "$3 of $2 on $1: exit $RUN_CODE, expected $code"
    fi
}

fail() {
    printf 'FAILED: %s\n' "$*"
    exit 1
}
