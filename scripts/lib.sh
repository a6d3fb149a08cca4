# Shell functions shared by the scripts. The caller has set -eu.

say() { echo "--- $*"; }
fail() { echo "${0##*/}: $*" >&2; exit 1; }

# Runs a command as root, if there is a way.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        return 1
    fi
}

have_package() {
    dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^ii'
}

# Those of the packages given that are not installed.
missing_packages() {
    for p in "$@"; do
        have_package "$p" || echo "$p"
    done
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        "$@" >/dev/null 2>&1 </dev/null
}

# Installs what is missing; where not everything can be, what can. Returns 1 if something is missing
# still.
install_packages() {
    command -v dpkg-query >/dev/null 2>&1 || return 1
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    say "installing packages:" $missing
    command -v apt-get >/dev/null 2>&1 || return 1
    # shellcheck disable=SC2086
    apt_install $missing && return 0
    as_root apt-get update -q >/dev/null 2>&1 </dev/null || return 1
    # shellcheck disable=SC2086
    apt_install $missing && return 0
    for p in $missing; do
        apt_install "$p" || say "cannot be installed: $p"
    done
    [ -z "$(missing_packages $missing)" ]
}

cache_dir() {
    echo "${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/mimus"
}

jobs() {
    nproc 2>/dev/null || echo 1
}

# apt with lists of its own in a directory, for one architecture: needs no root, changes nothing.
private_apt() {
    private=$1 arch=$2
    shift 2
    mkdir -p "$private/lists/partial" "$private/cache/archives/partial"
    : > "$private/status"
    apt-get -q -o APT::Architecture="$arch" -o APT::Architectures::="$arch" \
        -o Dir::State::Lists="$private/lists" -o Dir::State::status="$private/status" \
        -o Dir::Cache="$private/cache" -o APT::Sandbox::User= "$@" >&2
}

# download_package PACKAGES ARCH DIRECTORY: the .debs; ARCH is empty for the host's.
# shellcheck disable=SC2086
download_package() {
    command -v apt-get >/dev/null 2>&1 || return 1
    if [ -z "$2" ] && (cd "$3" && apt-get -q -o APT::Sandbox::User= download $1 >/dev/null 2>&1); then
        return 0
    fi
    arch=${2:-$(dpkg --print-architecture)}
    # A list that the mirror is just changing does not matter if the others have the package.
    private_apt "$3/apt" "$arch" update || :
    (cd "$3" && private_apt "$3/apt" "$arch" download $1)
}

# unpack_packages ARCH DIRECTORY PACKAGE...: fetches them (their dependencies are to be named, too) and
# unpacks all of them there, in place of what was there. The host's package state is not touched.
unpack_packages() {
    of=$1 into=$2
    shift 2
    fetched=$(mktemp -d)
    rm -rf "$into.new"
    mkdir -p "$into.new"
    if ! download_package "$*" "$of" "$fetched"; then
        rm -rf "$fetched" "$into.new"
        fail "cannot fetch $* (is a Debian archive in apt's sources, and in reach?)"
    fi
    for deb in "$fetched"/*.deb; do
        dpkg-deb -x "$deb" "$into.new"
    done
    rm -rf "$fetched" "$into"
    mv "$into.new" "$into"
}
