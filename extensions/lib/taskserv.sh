# shellcheck shell=bash
# taskserv.sh: what the task services share: parameters, files, Debian packages, and the memory of what they changed.
#
# Bash, under `set -eu`. Every change is remembered before it is made, in
#
#   /var/lib/provisioning-taskservs/NAME/      0700
#     wanted         packages the task service asks for
#     packages       packages which were not on the host before, so uninstall may purge them
#     files          paths it wrote or removed
#     accounts       users and groups which its packages made, and would leave behind
#     before/PATH    what was at such a path before
#     installed      there when an install came to its end
#
# so that an install killed anywhere is finished by the next one, or taken back by uninstall.

# shellcheck source=service.sh disable=SC1091
. "$PROV_LIB/service.sh"

# Without it a failure inside $(...) would go unseen.
shopt -s inherit_errexit

TS_ROOT=/var/lib/provisioning-taskservs
TS_POLICY=/usr/sbin/policy-rc.d
TS_POLICY_MARK='# provisioning: nothing starts while packages are installed'
TS_LOCK_WAIT_S=120

# ---- beginning and end ------------------------------------------------------------------------------------------

ts_fail() { # CODE TEXT...
    local code=$1
    shift
    printf '%s\n' "$*"
    exit "$code"
}

ts_common_() {
    TS_NAME=$1 TS_STATE=$TS_ROOT/$1 TS_CHANGED=no TS_DRY=no
    export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
    export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    umask 022
    TS_TMP=$(mktemp -d)
    trap 'rm -rf "$TS_TMP"' EXIT
}

# For install. Ends with ts_end_install.
ts_begin_install() { # NAME
    ts_common_ "$1"
    trap 'ts_allow_autostart_; rm -rf "$TS_TMP"' EXIT
    # SIGTERM must come to its end through the trap above.
    trap 'exit 75' TERM INT
    ts_allow_autostart_
    install -d -m 755 "$TS_ROOT"
    install -d -m 700 "$TS_STATE"
}

ts_end_install() {
    if [ ! -e "$TS_STATE/installed" ]; then
        : >"$TS_STATE/installed"
        TS_CHANGED=yes
    fi
    if [ "$TS_CHANGED" = no ]; then
        echo "$TS_NAME is already as wanted"
        exit 10
    fi
    echo "$TS_NAME is installed"
    exit 0
}

# For check: the same functions then only say what differs, and set TS_CHANGED. Ends with ts_end_check.
ts_begin_check() { # NAME
    ts_common_ "$1"
    TS_DRY=yes
    [ -d "$TS_STATE" ] || ts_fail 20 "$TS_NAME is not installed"
    if [ ! -e "$TS_STATE/installed" ]; then
        echo "an install or uninstall of $TS_NAME did not come to its end"
        ts_drift installation complete interrupted
        exit 21
    fi
}

ts_stop_if_different() {
    [ "$TS_CHANGED" = no ] || exit 21
}

ts_end_check() { # TEXT
    ts_stop_if_different
    echo "$1"
    exit 0
}

# ---- drift: what a check says for programs, beside its words for people (docs/guides/extension-contract.md) ----------

ts_quoted_() { # TEXT; one line, within quotes
    local text=${1//[[:cntrl:]]/?}
    text=${text:0:200}
    text=${text//\\/\\\\}
    printf '"%s"' "${text//\"/\\\"}"
}

# Says that one attribute is not as wanted. Without FOUND, or with an empty one, there is nothing of the kind.
# No secret may be in it.
ts_drift() { # ATTRIBUTE EXPECTED [FOUND]
    TS_CHANGED=yes
    if [ -n "${3-}" ]; then
        printf 'drift: %s expected %s found %s\n' "$1" "$(ts_quoted_ "$2")" "$(ts_quoted_ "$3")"
    else
        printf 'drift: %s expected %s found nothing\n' "$1" "$(ts_quoted_ "$2")"
    fi
}

ts_expect() { # ATTRIBUTE EXPECTED FOUND
    [ "$2" = "$3" ] || ts_drift "$@"
}

ts_expect_running() { # SERVICE
    if svc_running "$1"; then return 0; fi
    echo "$1 does not run"
    ts_drift "service:$1" running stopped
}

ts_kind_() { # PATH; prints nothing when there is none
    if [ -L "$1" ]; then
        echo link
    elif [ -d "$1" ]; then
        echo folder
    elif [ -f "$1" ]; then
        echo file
    elif [ -e "$1" ]; then
        echo other
    fi
}

ts_digest_() { # FILE
    printf 'sha256:%s' "$(sha256sum <"$1" | cut -c1-16)"
}

# A digest lets whoever reads it try what a file may have been, so only what everybody may read is told by one.
ts_content_drift_() { # SOURCE PATH MODE
    case $3 in
    *[4567]) ts_drift "file:$2#content" "$(ts_digest_ "$1")" "$(ts_digest_ "$2")" ;;
    *) ts_drift "file:$2#content" "as rendered" different ;;
    esac
}

ts_file_drift_() { # SOURCE PATH OWNER:GROUP MODE
    local kind
    kind=$(ts_kind_ "$2")
    ts_expect "file:$2" file "$kind"
    [ "$kind" = file ] || return 0
    cmp -s "$1" "$2" || ts_content_drift_ "$1" "$2" "$4"
    ts_expect "file:$2#owner" "$3" "$(stat -c %U:%G "$2")"
    ts_expect "file:$2#mode" "$4" "$(stat -c %a "$2")"
}

ts_folder_drift_() { # PATH OWNER:GROUP MODE
    local kind
    kind=$(ts_kind_ "$1")
    ts_expect "folder:$1" folder "$kind"
    [ "$kind" = folder ] || return 0
    ts_expect "folder:$1#owner" "$2" "$(stat -c %U:%G "$1")"
    ts_expect "folder:$1#mode" "$3" "$(stat -c %a "$1")"
}

ts_packages_drift_() { # PACKAGE...
    local package state
    for package; do
        state=$(ts_status_ "$package")
        [ "$state" != not-installed ] || state=''
        ts_drift "package:$package" installed "$state"
    done
}

# For uninstall. Ends with ts_end_uninstall.
ts_begin_uninstall() { # NAME
    ts_common_ "$1"
    trap 'exit 75' TERM INT
    ts_allow_autostart_
    if [ ! -d "$TS_STATE" ]; then
        echo "$TS_NAME is not installed"
        exit 10
    fi
    rm -f "$TS_STATE/installed"
}

ts_end_uninstall() {
    rm -rf "$TS_STATE"
    rmdir --ignore-fail-on-non-empty "$TS_ROOT"
    echo "$TS_NAME is removed"
    exit 0
}

# Waits until COMMAND succeeds. False when it did not within about SECONDS_TO_WAIT.
ts_wait() { # SECONDS_TO_WAIT COMMAND...
    local until=$((SECONDS + $1))
    shift
    while ! "$@"; do
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep 0.2
    done
}

# ---- parameters: anything may stand in them, so each is checked before it is used ---------------------------------

ts_param_() { # NAME; prints its value
    local variable=PROV_PARAM_${1^^}
    [ -n "${!variable+set}" ] || ts_fail 78 "parameter $1 is missing" >&2
    [[ ! ${!variable} =~ [[:cntrl:]] ]] || ts_fail 78 "parameter $1 has a line break or a control character in it" >&2
    printf '%s' "${!variable}"
}

ts_int() { # NAME LOWEST HIGHEST
    local value
    value=$(ts_param_ "$1")
    if [[ ! $value =~ ^(0|[1-9][0-9]{0,9})$ ]] || [ "$value" -lt "$2" ] || [ "$value" -gt "$3" ]; then
        ts_fail 78 "parameter $1 must be a number from $2 to $3" >&2
    fi
    printf '%s' "$value"
}

ts_bool() { # NAME
    local value
    value=$(ts_param_ "$1")
    [[ $value =~ ^(true|false)$ ]] || ts_fail 78 "parameter $1 must be true or false" >&2
    printf '%s' "$value"
}

ts_text() { # NAME REGEX WHAT
    local value
    value=$(ts_param_ "$1")
    [[ $value =~ ^($2)$ ]] || ts_fail 78 "parameter $1 must be $3" >&2
    printf '%s' "$value"
}

# Prints one item a line.
ts_list() { # NAME REGEX WHAT
    local value word
    value=$(ts_param_ "$1")
    local -a words
    read -r -a words <<<"$value"
    for word in ${words[@]+"${words[@]}"}; do
        [[ $word =~ ^($2)$ ]] || ts_fail 78 "parameter $1: each item must be $3" >&2
        printf '%s\n' "$word"
    done
}

# Checks a secret. It stays in its file.
ts_secret() { # NAME
    local file=$PROV_SECRETS/$1
    [ -s "$file" ] || ts_fail 78 "secret $1 is missing or empty"
    if LC_ALL=C grep -q '[[:cntrl:]]' "$file" || [ "$(wc -l <"$file")" != 0 ]; then
        ts_fail 78 "secret $1 has a line break or a control character in it"
    fi
}

# ---- files ------------------------------------------------------------------------------------------------------

# True when the change is to be made. A check says what differs instead, by the command given.
ts_differs_() { # TEXT DRIFT-COMMAND...
    TS_CHANGED=yes
    [ "$TS_DRY" = yes ] || return 0
    echo "$1"
    shift
    "$@"
    return 1
}

ts_remember_() { # PATH; keeps what is there now
    if grep -qxFs -- "$1" "$TS_STATE/files"; then return 0; fi
    if [ -e "$1" ] || [ -L "$1" ]; then
        mkdir -p "$TS_STATE/before${1%/*}"
        if [ -d "$1" ] && [ ! -L "$1" ]; then
            return 0 # a folder which was there stays there
        fi
        cp -a --remove-destination "$1" "$TS_STATE/before$1"
    fi
    printf '%s\n' "$1" >>"$TS_STATE/files"
}

# Brings a file to the wanted content, owner and mode. The folder must be there.
ts_put() { # SOURCE PATH OWNER:GROUP MODE
    if [ -f "$2" ] && [ ! -L "$2" ] && cmp -s "$1" "$2" && [ "$(stat -c %U:%G:%a "$2")" = "$3:$4" ]; then
        return 0
    fi
    ts_differs_ "$2 is not as wanted" ts_file_drift_ "$@" || return 0
    ts_remember_ "$2"
    # A reader sees the old file or the new one, and a secret is never readable for a moment.
    local new=$2.provisioning-new
    rm -f "$new"
    install -m 600 "$1" "$new"
    chown "$3" "$new"
    chmod "$4" "$new"
    mv -fT "$new" "$2"
}

ts_folder() { # PATH OWNER:GROUP MODE
    if [ -d "$1" ] && [ "$(stat -c %U:%G:%a "$1")" = "$2:$3" ]; then return 0; fi
    ts_differs_ "$1 is not as wanted" ts_folder_drift_ "$@" || return 0
    ts_remember_ "$1"
    install -d -o "${2%:*}" -g "${2#*:}" -m "$3" "$1"
}

ts_link() { # TARGET PATH
    if [ -L "$2" ] && [ "$(readlink "$2")" = "$1" ]; then return 0; fi
    ts_differs_ "$2 does not point to $1" ts_drift "link:$2" "$1" \
        "$(readlink "$2" 2>/dev/null || ts_kind_ "$2")" || return 0
    ts_remember_ "$2"
    rm -f "$2.provisioning-new"
    ln -s "$1" "$2.provisioning-new"
    mv -fT "$2.provisioning-new" "$2"
}

ts_absent() { # PATH
    if [ ! -e "$1" ] && [ ! -L "$1" ]; then return 0; fi
    ts_differs_ "$1 should not be there" ts_drift "path:$1" absent "$(ts_kind_ "$1")" || return 0
    ts_remember_ "$1"
    rm -f "$1"
}

# Names a path which a package makes on its own and leaves behind. Call it before ts_packages, folders first.
ts_made_by_package() { # PATH
    if [ "$TS_DRY" = yes ] || [ -e "$1" ] || grep -qxFs -- "$1" "$TS_STATE/files"; then return 0; fi
    printf '%s\n' "$1" >>"$TS_STATE/files"
}

# Puts back what was there before, the last change first.
ts_restore_files() {
    [ -e "$TS_STATE/files" ] || return 0
    local path
    while read -r path; do
        rm -f "$path.provisioning-new"
        if [ -e "$TS_STATE/before$path" ] || [ -L "$TS_STATE/before$path" ]; then
            # Its folder is gone when an earlier uninstall was interrupted after the packages went.
            [ ! -d "${path%/*}" ] || cp -a --remove-destination "$TS_STATE/before$path" "$path"
        elif [ -d "$path" ] && [ ! -L "$path" ]; then
            rmdir --ignore-fail-on-non-empty "$path"
        else
            rm -f "$path"
        fi
    done < <(tac "$TS_STATE/files")
}

# ---- packages ---------------------------------------------------------------------------------------------------

ts_apt_once_() {
    apt-get -y -qq -o DPkg::Lock::Timeout=$TS_LOCK_WAIT_S -o APT::Install-Recommends=0 -o Dpkg::Use-Pty=0 \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" </dev/null
}

# apt waits for dpkg's lock on its own, but not for that of its download folder.
ts_apt_() { # APT-GET ARGUMENTS...
    local until=$((SECONDS + TS_LOCK_WAIT_S)) code
    while :; do
        code=0
        ts_apt_once_ "$@" 2>"$TS_TMP/apt-errors" || code=$?
        if [ "$code" = 0 ] || ! grep -q 'Could not get lock' "$TS_TMP/apt-errors"; then break; fi
        [ "$SECONDS" -lt "$until" ] || ts_fail 75 "the package system stayed locked: $(grep lock "$TS_TMP/apt-errors")"
        sleep 2
    done
    cat "$TS_TMP/apt-errors" >&2
    return "$code"
}

ts_status_() { # PACKAGE; prints installed, config-files, half-configured, ...
    dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null || echo not-installed
}

# Packages would start their program with Debian's configuration, and on a host without systemd beside the runner.
ts_deny_autostart_() {
    [ ! -e $TS_POLICY ] || return 0
    printf '#!/bin/sh\n%s\nexit 101\n' "$TS_POLICY_MARK" >$TS_POLICY.provisioning-new
    chmod 755 $TS_POLICY.provisioning-new
    mv -f $TS_POLICY.provisioning-new $TS_POLICY
}

ts_allow_autostart_() {
    if grep -qsxF "$TS_POLICY_MARK" $TS_POLICY; then rm -f $TS_POLICY; fi
    rm -f $TS_POLICY.provisioning-new
}

# Runs COMMAND, and again while another program holds a lock of the package system. Its output goes to $TS_TMP/out.
ts_when_unlocked_() { # COMMAND...
    local until=$((SECONDS + TS_LOCK_WAIT_S)) code
    while :; do
        code=0
        "$@" >"$TS_TMP/out" 2>&1 </dev/null || code=$?
        if [ "$code" = 0 ] || ! grep -qi 'lock' "$TS_TMP/out"; then return "$code"; fi
        [ "$SECONDS" -lt "$until" ] || ts_fail 75 "the package system stayed locked: $(tail -n 1 "$TS_TMP/out")"
        sleep 2
    done
}

# Finishes what an interrupted dpkg left. Its own failure is no error yet: the next apt-get says what is wrong.
ts_repair_packages_() {
    local pending=(/var/lib/dpkg/updates/[0-9]*)
    if [ ! -e "${pending[0]}" ] && [ -z "$(dpkg --audit 2>&1)" ]; then return 0; fi
    echo "finishing an interrupted installation of packages"
    ts_when_unlocked_ dpkg --force-confdef --force-confold --configure -a || true
    ts_apt_ --fix-broken install || true
}

ts_update_lists_() {
    echo "fetching the package lists"
    ts_when_unlocked_ apt-get -q -o DPkg::Lock::Timeout=$TS_LOCK_WAIT_S update || {
        tail -n 5 "$TS_TMP/out"
        ts_fail 75 "cannot fetch the package lists"
    }
}

# Writes down what is going to be new on the host. False when apt cannot find a way.
ts_plan_packages_() { # PACKAGE...
    local plan
    plan=$(ts_apt_ --simulate install "$@" 2>"$TS_TMP/plan-errors") || return 1
    # "Inst name (new)" is a new package, "Inst name [old] (new)" a newer version of one that was there.
    awk '$1 == "Inst" && $3 !~ /^\[/ { print $2 }' <<<"$plan" |
        sort -u - <(cat "$TS_STATE/packages" 2>/dev/null) >"$TS_STATE/packages.new"
    mv -f "$TS_STATE/packages.new" "$TS_STATE/packages"
}

ts_packages() { # PACKAGE...
    local package missing=()
    for package; do
        [ "$(ts_status_ "$package")" = installed ] || missing+=("$package")
    done
    if [ "$TS_DRY" = no ]; then printf '%s\n' "$@" >"$TS_STATE/wanted"; fi
    [ ${#missing[@]} != 0 ] || return 0
    ts_differs_ "not installed: ${missing[*]}" ts_packages_drift_ "${missing[@]}" || return 0
    echo "installing ${missing[*]}"
    ts_deny_autostart_
    ts_repair_packages_
    ts_plan_packages_ "${missing[@]}" || {
        ts_update_lists_
        ts_plan_packages_ "${missing[@]}" || {
            cat "$TS_TMP/plan-errors"
            ts_fail 1 "cannot install ${missing[*]}"
        }
    }
    # Old lists name files which the mirror does not have any more.
    ts_apt_ install "${missing[@]}" || {
        ts_update_lists_
        ts_plan_packages_ "${missing[@]}" || true
        ts_apt_ install "${missing[@]}" || ts_fail 1 "cannot install ${missing[*]}"
    }
    ts_allow_autostart_
}

# Gives packages which another task service of this host needs to that one, so that its uninstall removes them.
ts_hand_over_() {
    local other package
    for other in "$TS_ROOT"/*/wanted; do
        if [ "$other" = "$TS_STATE/wanted" ] || [ ! -s "$other" ]; then continue; fi
        xargs apt-cache depends --recurse --installed --important <"$other" 2>/dev/null |
            grep -v '^[ |<]' | sort -u >"$TS_TMP/needed" || true
        while read -r package; do
            if grep -qxF -- "$package" "$TS_TMP/needed"; then
                grep -qxFs -- "$package" "${other%/*}/packages" || echo "$package" >>"${other%/*}/packages"
                sed -i "/^${package//./\\.}\$/d" "$TS_STATE/packages"
            fi
        done < <(cat "$TS_STATE/packages")
    done
}

ts_take_away_() { # remove|purge PACKAGE...
    local verb=$1 package here=()
    shift
    for package; do
        case $(ts_status_ "$package") in
        not-installed) ;;
        config-files) [ "$verb" = remove ] || here+=("$package") ;;
        *) here+=("$package") ;;
        esac
    done
    [ ${#here[@]} != 0 ] || return 0
    local others
    others=$(ts_apt_ --simulate "$verb" "${here[@]}" | awk '$1 == "Remv" || $1 == "Purg" { print $2 }' |
        sort -u | comm -23 - <(sort -u "$TS_STATE/packages"))
    [ -z "$others" ] || ts_fail 1 "cannot remove ${here[*]}: needed by" "${others//$'\n'/ }"
    ts_apt_ "$verb" "${here[@]}"
}

# Names a user and group which a package makes and leaves behind. Call it before ts_packages.
ts_account() { # NAME PACKAGE
    if [ "$TS_DRY" = yes ] || getent group "$1" >/dev/null || grep -qxFs -- "$1 $2" "$TS_STATE/accounts"; then
        return 0
    fi
    echo "$1 $2" >>"$TS_STATE/accounts"
}

# Those of a package which keeps its data stay: the data is theirs.
ts_remove_accounts_() {
    [ -e "$TS_STATE/accounts" ] || return 0
    local name package
    while read -r name package; do
        [ "$(ts_status_ "$package")" = not-installed ] || continue
        if getent passwd "$name" >/dev/null; then userdel "$name"; fi
        if getent group "$name" >/dev/null; then groupdel "$name"; fi
    done <"$TS_STATE/accounts"
}

# Says whose configuration and data ts_remove_packages leaves.
ts_keep_data_of() { # PACKAGE...
    TS_KEEP="$*"
}

# Removes the packages which were not on the host before.
ts_remove_packages() {
    [ -s "$TS_STATE/packages" ] || return 0
    ts_repair_packages_
    ts_hand_over_
    local keep=" ${TS_KEEP-} " package first=() rest=()
    while read -r package; do
        if [[ $keep = *" $package "* ]]; then
            ts_take_away_ remove "$package"
        elif grep -qxF -- "$package" "$TS_STATE/wanted"; then
            first+=("$package")
        else
            rest+=("$package")
        fi
    done < <(cat "$TS_STATE/packages")
    # First what was asked for, while the tools its removal calls (deluser) are still there.
    ts_take_away_ purge ${first[@]+"${first[@]}"}
    ts_take_away_ purge ${rest[@]+"${rest[@]}"}
    ts_remove_accounts_
}

# True when the package came with this task service, so that all of its data is ours.
ts_installed_by_us() { # PACKAGE
    grep -qxFs -- "$1" "$TS_STATE/packages"
}
