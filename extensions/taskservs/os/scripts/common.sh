# shellcheck shell=bash disable=SC1091
# What install and check share: the parameters, and the settings as they should be.
# shellcheck source-path=SCRIPTDIR source=../../../lib/taskserv.sh
. "$PROV_LIB/taskserv.sh"

TIMEZONE=$(ts_text timezone '[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*' 'a time zone such as Europe/Berlin')
PACKAGES=$(ts_list packages '[a-z0-9][a-z0-9+.-]+' 'the name of a Debian package')
CHECK_HOSTNAME=$(ts_bool check_hostname)

wanted_settings() {
    # tzdata has the time zones; a list parameter may be empty.
    local packages
    mapfile -t packages <<<"$PACKAGES"
    ts_packages tzdata ${PACKAGES:+"${packages[@]}"}
    if [ "$TS_DRY" = yes ]; then ts_stop_if_different; fi
    [ -f "/usr/share/zoneinfo/$TIMEZONE" ] || ts_fail 78 "there is no time zone $TIMEZONE"
    ts_link "/usr/share/zoneinfo/$TIMEZONE" /etc/localtime
    ts_put "$PROV_RENDERED/timezone" /etc/timezone root:root 644
    ts_put "$PROV_RENDERED/locale" /etc/default/locale root:root 644
}

# A wrong hostname usually means a wrong host. Domains are left out: the host may or may not have one.
hostname_is_right() {
    local here
    here=$(cat /proc/sys/kernel/hostname)
    [ "$CHECK_HOSTNAME" = false ] || [ "${here%%.*}" = "${PROV_HOSTNAME%%.*}" ] ||
        { echo "this host is called $here, not $PROV_HOSTNAME" && false; }
}
