import Testing

/// Package managers that no one here wrote, sealed, against indexes that nginx serves.
@Suite(
  .enabled(
    if: Upstreams.areThere,
    "nginx, openssl, python3 or git is missing; ./test brings nginx"
  ),
  .timeLimit(.minutes(4))
)
struct NetworkPackageTests {
  private func check(_ script: String, prints expected: String) async throws {
    try await NetworkWorkflow(grants: NetworkWorkflow.looking, script: script)
      .check(prints: expected)
  }

  @Test(.enabled(if: Upstreams.hasPython, "the clients of PyPI are missing; ./test brings them"))
  func `pip installs a wheel`() async throws {
    try await check(
      """
      $BIN/python -m pip install -q --disable-pip-version-check --target t -i $TLS/simple gruss &&
      PYTHONPATH=t $BIN/python -c 'import gruss; print(gruss.text)'
      """,
      prints: "hello from python\n"
    )
  }

  @Test(.enabled(if: Upstreams.hasPython, "the clients of PyPI are missing; ./test brings them"))
  func `uv installs a wheel`() async throws {
    try await check(
      """
      $BIN/uv pip install -q --python $BIN/python --target t -i $TLS/simple gruss &&
      PYTHONPATH=t $BIN/python -c 'import gruss; print(gruss.text)'
      """,
      prints: "hello from python\n"
    )
  }

  @Test(.enabled(if: Upstreams.has("npm"), "npm is not installed"))
  func `npm installs a package`() async throws {
    try await check(
      """
      npm install --silent --no-update-notifier --registry $TLS/npm/ gruss &&
      node -p 'require("gruss")'
      """,
      prints: "hello from node\n"
    )
  }

  @Test(.enabled(if: Upstreams.has("cargo"), "cargo is not installed"))
  func `cargo fetches a crate and builds with it`() async throws {
    try await check(
      """
      export CARGO_HOME=/tmp/cargo; mkdir -p $CARGO_HOME src
      cat > $CARGO_HOME/config.toml <<END
      source.crates-io.replace-with = "local"
      source.local.registry = "sparse+$TLS/crates/"
      END
      printf '[package]\\nname = "app"\\nversion = "1.0.0"\\n[dependencies]\\ngruss = "1"\\n' \\
        > Cargo.toml
      echo 'fn main() { println!("{}", gruss::TEXT); }' > src/main.rs
      cargo run -q
      """,
      prints: "hello from rust\n"
    )
  }

  @Test(.enabled(if: Upstreams.has("apt-get", "dpkg-deb"), "apt is not installed"))
  func `apt downloads from a repository`() async throws {
    try await check(
      """
      mkdir -p apt/lists/partial apt/cache/archives/partial; cd apt
      echo "deb [trusted=yes] $TLS/apt ./" > sources.list; : > status
      apt() {
        apt-get -qq -o Dir=$PWD -o Dir::State=$PWD -o Dir::State::status=$PWD/status \\
          -o Dir::Cache=$PWD/cache -o Dir::Etc=$PWD -o Dir::Bin::methods=/usr/lib/apt/methods \\
          -o APT::Sandbox::User= -o Acquire::Retries=0 "$@" 2> log > log
      }
      apt update && apt download gruss && dpkg-deb --fsys-tarfile gruss_1.0_all.deb | tar xO
      """,
      prints: "hello from debian\n"
    )
  }
}
