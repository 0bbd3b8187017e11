/// The policies that Caisson brings along.
///
/// They differ in what of the machine can be read, which variables cross, and limits. None has a
/// network, and none lets a run write to a cache that others read.
package enum Profile {
  package static let names = ["default", "read-only", "python", "node", "rust", "swift"]

  /// The document of a profile, or nil where none goes by that name.
  package static func named(_ name: String) -> PolicyDocument? {
    switch name {
    case "default": document(name)
    case "read-only": readOnly
    case "python": python
    case "node": node
    case "rust": rust
    case "swift": swift
    default: nil
    }
  }

  /// Wide enough for a test suite, narrow enough to stop what runs away.
  private static let limits = Limits(
    wallSeconds: 4 * 3600,
    memoryBytes: 8 << 30,
    processes: 1024,
    diskBytes: 8 << 30
  )

  private static func document(
    _ name: String,
    read: [String] = [],
    programs: [String] = [],
    pass: [String] = []
  ) -> PolicyDocument {
    PolicyDocument(
      filesystem: FilesystemRules(
        read: read.isEmpty ? nil : (["$SYSTEM"] + read).map { PathRule($0) },
        programs: programs
      ),
      environment: EnvironmentRules(
        pass: pass.isEmpty ? nil : EnvironmentRules.defaultPass + pass
      ),
      limits: limits,
      origin: PolicyDocument.Origin(name)
    )
  }

  private static let readOnly: PolicyDocument = {
    var policy = document("read-only")
    policy.workspace = .direct
    policy.filesystem.write = [PathRule("/tmp")]
    return policy
  }()

  private static let python = document(
    "python",
    read: ["$HOME/.pyenv/versions?", "$HOME/.local/share/uv/python?"],
    programs: ["python3", "python", "uv"],
    pass: [
      "PYTEST_ADDOPTS", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "PYTHONPATH",
      "PYTHONUNBUFFERED", "VIRTUAL_ENV",
    ]
  )

  private static let node = document(
    "node",
    read: [
      "$HOME/.nvm/versions?", "$HOME/.volta/tools?", "$HOME/.local/share/fnm?",
      "$HOME/.npm/_cacache?",
    ],
    programs: ["node", "npm", "npx", "pnpm", "yarn", "bun", "deno"],
    pass: ["FORCE_COLOR", "NODE_ENV", "NODE_OPTIONS"]
  )

  private static let rust: PolicyDocument = {
    var policy = document(
      "rust",
      read: [
        "$HOME/.rustup?", "$HOME/.cargo/bin?", "$HOME/.cargo/registry?", "$HOME/.cargo/git?",
        "$HOME/.cargo/config.toml?",
      ],
      programs: ["cargo", "rustc"],
      pass: ["CARGO_BUILD_JOBS", "CARGO_TERM_COLOR", "RUSTFLAGS", "RUST_BACKTRACE", "RUST_LOG"]
    )
    policy.limits.diskBytes = 16 << 30
    return policy
  }()

  private static let swift: PolicyDocument = {
    var policy = document(
      "swift",
      read: ["$HOME/.local/share/swiftly?"],
      programs: ["swift", "swiftc"],
      pass: ["SWIFT_BACKTRACE", "TOOLCHAINS"]
    )
    policy.limits.diskBytes = 16 << 30
    return policy
  }()
}
