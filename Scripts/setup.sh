# Sourced by ./caisson and ./test: finds Swift and sees to the Debian packages that a build needs.
# Everything here speaks on stderr, because the stdout of ./caisson belongs to the command it runs.

say() { printf 'caisson: %s\n' "$*" >&2; }

give_up() {
  say "$@"
  exit 125
}

# Puts a Swift toolchain on PATH.
find_swift() {
  if command -v swift >/dev/null 2>&1; then return; fi
  for directory in /opt/swift/usr/bin /usr/local/swift/usr/bin /usr/libexec/swift/bin \
    "${HOME:-/nonexistent}/.local/share/swiftly/bin"; do
    if [ -x "$directory/swift" ]; then
      PATH=$directory:$PATH
      export PATH
      return
    fi
  done
  give_up 'Swift 6.3 is needed for the build and was not found on PATH or in /opt/swift.
  Get it by the installer of swift.org:  https://www.swift.org/install/linux/
  or unpack its archive for this system so that /opt/swift/usr/bin/swift exists; then try again.'
}

installed() {
  case $(dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2>/dev/null) in
    ii*) return 0 ;;
    *) return 1 ;;
  esac
}

# Installs what is missing of the packages named, as root or through sudo; asks for nothing where
# all are there.
need_packages() {
  if ! command -v dpkg-query >/dev/null 2>&1; then
    [ -e /usr/include/sqlite3.h ] && [ -e /usr/include/zlib.h ] && command -v git >/dev/null 2>&1 &&
      command -v pg_config >/dev/null 2>&1 ||
      give_up 'this is no Debian system: please install git and the development files of SQLite 3, zlib and libpq.'
    return 0
  fi
  missing=
  for package in "$@"; do
    installed "$package" || missing="$missing $package"
  done
  # The C++ library's headers: their package has another name in each release, g++ brings them.
  set -- /usr/include/c++/*/vector
  [ -e "$1" ] || missing="$missing g++"
  [ -n "$missing" ] || return 0

  if [ "$(id -u)" -eq 0 ]; then
    as_root=
  elif command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    as_root=sudo
  else
    give_up "these Debian packages are missing, and only root may install them:$missing
  Please run, as root:  apt-get update && apt-get install$missing"
  fi
  say "installing Debian packages:$missing"
  # shellcheck disable=SC2086 # both are lists of words
  {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing ||
      {
        $as_root apt-get update &&
          $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y --no-install-recommends $missing
      }
  } >&2 </dev/null || give_up "could not install:$missing
  Please run, as root:  apt-get update && apt-get install$missing"
}
