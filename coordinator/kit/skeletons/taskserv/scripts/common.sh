# shellcheck shell=bash
# What install and check share: the parameters, and how the host should look. Both call `wanted`: in install it changes
# what is not so, in check it says so. That way they never disagree.
# shellcheck disable=SC1091
. "$PROV_LIB/taskserv.sh"

# Anything may stand in a parameter, so each is checked before it is used (exit 78: cannot on this host).
FOLDER=$(ts_text folder '/[A-Za-z0-9._/-]+' 'an absolute path')
ts_int port 1 65535 >/dev/null
OWNER=$(id -un):$(id -gn)

wanted() {
    # ts_packages NAME...                              packages from Debian
    ts_folder "$FOLDER" "$OWNER" 755
    # A rendered template is a private file: ts_put gives it its place, owner and mode.
    ts_put "$PROV_RENDERED/@NAME@.conf" "$FOLDER/@NAME@.conf" "$OWNER" 644
}
