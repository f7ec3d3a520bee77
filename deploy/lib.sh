# shellcheck shell=bash
# Shared by the scripts of deploy/ and tests/: installing packages, building, talking.

say() { printf '%s\n' "$*" >&2; }
step() { if [[ -t 2 && -z ${NO_COLOR:-} ]]; then printf '\033[1m==> %s\033[0m\n' "$*" >&2; else say "==> $*"; fi; }
die() { say "error: $1"; [[ $# -lt 2 ]] || say "hint:  $2"; exit 1; }

# The packages of a list file, without comments.
listed_packages() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$@"; }

# install_packages NAME...: those that are missing, by apt. Quiet when there is nothing to do.
install_packages() {
  local missing=() package
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  [[ $EUID == 0 ]] || die "these packages are missing: ${missing[*]}" "run as root, or: apt-get install ${missing[*]}"
  step "installing ${#missing[@]} packages"
  local log
  log=$(mktemp)
  if ! { DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
         # No service that a package brings may start on this machine by itself.
         RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
           -o DPkg::Lock::Timeout=120 "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    die "apt-get could not install: ${missing[*]}" "look at the lines above; is a Debian mirror reachable?"
  fi
  rm -f "$log"
}

# build PRESET [TARGET...]: configures once and builds, with progress on stderr.
build() {
  local preset=$1
  shift
  cd "$project" || exit 1
  local log=build/$preset.log
  mkdir -p build
  if [[ ! -f build/$preset/build.ninja ]]; then
    cmake --preset "$preset" >"$log" 2>&1 || { tail -n 40 "$log" >&2; die "cmake failed" "the whole log is $log"; }
  fi
  local targets=()
  [[ $# == 0 ]] || targets=(--target "$@")
  if [[ -t 2 ]]; then
    cmake --build "build/$preset" "${targets[@]}" >&2 || die "the build failed"
  else
    cmake --build "build/$preset" "${targets[@]}" >"$log" 2>&1 || { tail -n 60 "$log" >&2; die "the build failed" "the whole log is $log"; }
  fi
}
