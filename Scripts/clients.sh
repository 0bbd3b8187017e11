# Sourced by ./test: brings the servers and clients that the tests of the network use, and that no
# one has anyway. They are unpacked below .build-clients, so that nothing is installed on the
# machine and no server starts by itself. Tests of what cannot be had are skipped, and say so.

clients=.build-clients

prepare_clients() {
  mkdir -p "$clients"
  if [ ! -e "$clients/servers/ready" ]; then
    say 'unpacking nginx and fcgiwrap for the tests'
    unpack_servers >&2 || say 'without nginx and fcgiwrap the tests of clients are skipped'
  fi
  if ! has_postgresql; then
    say 'unpacking PostgreSQL for the tests'
    unpack_postgresql >&2 || say 'without PostgreSQL the tests of the journal on it are skipped'
  fi
  if [ ! -e "$clients/venv/ready" ]; then
    say 'getting clients from PyPI for the tests'
    install_clients >&2 || say 'without them the tests of Python clients are skipped'
  fi
  if [ ! -e "$clients/mcp/ready" ]; then
    say 'getting servers and a client of the Model Context Protocol from PyPI for the tests'
    install_mcp >&2 || say 'without them the tests against other implementations are skipped'
  fi
}

unpack_servers() (
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
  mkdir -p "$clients/deb" "$clients/servers" && cd "$clients/deb" || return 1
  library=libfcgi0ldbl
  apt-cache show "$library" >/dev/null 2>&1 || library=libfcgi0t64
  apt-get download -q nginx fcgiwrap "$library" || return 1
  for package in *.deb; do dpkg-deb -x "$package" ../servers || return 1; done
  : >../servers/ready
)

has_postgresql() {
  for initdb in /usr/lib/postgresql/*/bin/initdb "$clients"/servers/usr/lib/postgresql/*/bin/initdb; do
    if [ -x "$initdb" ]; then return 0; fi
  done
  return 1
}

# Unpacked, not installed: the package would make a cluster and start it.
unpack_postgresql() (
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
  server=$(apt-cache depends postgresql | sed -n 's/^ *Depends: \(postgresql-[0-9]*\)$/\1/p' | head -n 1)
  [ -n "$server" ] && mkdir -p "$clients/deb/$server" "$clients/servers" || return 1
  cd "$clients/deb/$server" || return 1
  apt-get download -q "$server" && dpkg-deb -x "$server"_*.deb ../../servers || return 1
  programs=$(cd ../../servers && echo usr/lib/postgresql/*/bin)
  # Its libraries come with libpq, but for some that most systems have.
  if "../../servers/$programs/postgres" --version; then return 0; fi
  rm -f "../../servers/$programs/initdb"
  return 1
)

install_clients() {
  install_python venv requests==2.34.2 'httpx[http2]==0.28.1' aiohttp==3.14.5 websockets==17.4 \
    uv==0.13.8
}

# Apart from the others: 60 packages, which nothing else here should find.
install_mcp() {
  install_python mcp mcp==2.3.0 mcp-server-time==2026.10.19 mcp-server-git==2026.10.19 \
    mcp-server-fetch==2026.10.24
}

# A virtual environment of its own below $clients, with what is named from PyPI.
install_python() (
  place="$clients/$1"
  shift
  python=/usr/bin/python3
  [ -x "$python" ] || python=python3
  "$python" -m venv --clear "$place" &&
    "$place/bin/pip" install -q --disable-pip-version-check --only-binary :all: "$@" &&
    : >"$place/ready"
)
