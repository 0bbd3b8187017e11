import Testing

@testable import Policy

struct ApplyTests {
  private func decide(
    _ path: String,
    _ kind: EntryKind = .file,
    _ yaml: String = ""
  ) throws -> ApplyDecision {
    try Policies.compiled(yaml).decideApply(relativePath: Array(path.utf8), kind: kind)
  }

  private func isHeld(_ decision: ApplyDecision) -> Bool {
    if case .hold = decision { true } else { false }
  }

  private func isDenied(_ decision: ApplyDecision) -> Bool {
    if case .deny = decision { true } else { false }
  }

  static let startUp = [
    ".git/hooks/pre-commit", ".git/hooks/new", ".git/config", ".git/config.worktree", ".git",
    ".git/info/attributes", ".git/modules/a/hooks/x", ".git/modules/a/b/config",
    ".git/modules/refs/hooks/post-checkout", ".git/worktrees/w/gitdir", ".git/commondir",
    ".git/worktrees/w/config.worktree", ".git/rebase-merge/git-rebase-todo",
    ".git/sequencer/todo", ".git/remotes/origin", ".git/branches/x", "sub/.git/hooks/x",
    "a/b/.git/config", "bare.git/hooks/update", "bare.git/config", "bare/HEAD",
    "bare/hooks/post-update", "hooks/pre-push", ".gitmodules", ".gitconfig", ".config/git/config",
    ".hg/hgrc", ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".profile", ".zshrc",
    ".zshenv", ".zprofile", ".zlogin", ".zlogout", ".kshrc", ".inputrc", ".config/fish/config.fish",
    ".config/fish/conf.d/x.fish", ".vimrc", ".exrc", ".nvimrc", ".nvim.lua", ".emacs",
    ".emacs.d/init.el", ".dir-locals.el", ".vscode/tasks.json", ".vscode/launch.json",
    ".vscode/settings.json", ".vscode/mcp.json", ".vscode/extensions.json", "x.code-workspace",
    ".idea/workspace.xml", ".idea/runConfigurations/a.xml", ".zed/settings.json",
    ".cursor/mcp.json", ".mcp.json", ".claude/settings.json", ".claude/hooks/x", ".codex/config",
    ".gemini/settings.json", ".envrc", ".direnv/x", ".npmrc", ".yarnrc", ".yarnrc.yml", ".pypirc",
    "pip.conf", "sitecustomize.py", "usercustomize.py", "venv/lib/python3.11/site-packages/x.pth",
    ".gdbinit", ".lldbinit", ".tmux.conf", ".ssh/authorized_keys", ".ssh/config",
    ".pre-commit-config.yaml", ".husky/pre-commit", ".husky/_/husky.sh", "lefthook.yml",
    ".devcontainer/devcontainer.json", ".devcontainer.json", ".netrc", "x.desktop",
    ".config/autostart/x.desktop", ".config/systemd/user/x.service", ".cargo/config.toml",
    ".cargo/config", ".config/nvim/init.lua", ".pdbrc", ".Rprofile", ".mvn/jvm.config",
    ".local/bin/git", ".psqlrc", ".pam_environment", "deep/er/and/deep/er/.vscode/tasks.json",
  ]

  @Test(arguments: startUp)
  func `a start-up file is held`(path: String) throws {
    #expect(isHeld(try decide(path)))
    #expect(isHeld(try decide("a/b/c/\(path)")))
  }

  static let ordinary = [
    "src/main.swift", "README.md", ".gitignore", ".gitattributes", ".git/HEAD", ".git/index",
    ".git/objects/ab/cdef", ".git/refs/heads/main", ".git/refs/heads/hooks/x",
    ".git/refs/heads/config", ".git/logs/HEAD", ".git/packed-refs", ".git/COMMIT_EDITMSG",
    ".git/hooks/pre-commit.sample", ".git/info/exclude", ".git/modules/a/HEAD",
    ".git/modules/a/objects/x", ".github/workflows/ci.yml", "bashrc", "x.bashrc", ".bashrc.d.md",
    "config", "hooks/useState.ts", "git/hooks/x", "my.git.txt", "vscode/tasks.json",
    "src/.vscodeignore", "desktop", "a.desktop.md", "pth", ".pth.txt", "Makefile", "package.json",
    "Cargo.toml", "setup.py", "conftest.py", ".env", ".editorconfig", ".prettierrc",
    "CLAUDE.md", "AGENTS.md", "docs/git/config.md", "config/fish/config.fish", "heads", "HEAD.md",
    ".config/other", ".cargo/registry/x", "pip.conf.example", ".idea.md", "lib/hooks.py",
  ]

  @Test(arguments: ordinary)
  func `an ordinary file is applied`(path: String) throws {
    #expect(try decide(path) == .allow)
    #expect(try decide("a/\(path)") == .allow)
  }

  static let disguised = [
    ".GIT/hooks/x", ".Git/Hooks/X", ".git./hooks/x", ".git /hooks/x", ".git... ./config",
    "GIT~1/hooks/x", ".g\u{200C}it/hooks/x", ".gi\u{FEFF}t/config", ".git\u{200D}/hooks/y",
    ".git::$INDEX_ALLOCATION/hooks/x", ".git/hooks::$INDEX_ALLOCATION/x", ".BASHRC", ".Bashrc.",
    ".baſhrc", ".ba\u{00AD}shrc", ".VSCODE/Tasks.JSON", ".vſcode/tasks.json", ".Git/CONFIG",
    ".git/config.", ".git/hooKs/x", ".g\u{131}t/hooks/x", ".g\u{130}t/hooks/x",
    ".\u{FF47}it/hooks/x", ".bashrc:stream", ".\u{202E}bashrc", ".git\\hooks\\pre-commit",
    "a\\.bashrc", ".mcp.JSON", ".Profile ", "\u{200B}.profile", "x.PTH", "X.Desktop",
    ".\u{200B}ssh/config", "SiteCustomize.py", "gitmod~1",
  ]

  @Test(arguments: disguised)
  func `a start-up file is held under every name that another file system gives it`(
    path: String
  ) throws {
    #expect(isHeld(try decide(path)))
  }

  @Test func `the Kelvin sign is a k`() throws {
    #expect(isHeld(try decide(".hus\u{212A}y/pre-commit")))
  }

  @Test func `bytes that are no text are judged all the same`() throws {
    let policy = try Policies.compiled("")
    #expect(policy.decideApply(relativePath: [0xFF, 0xFE], kind: .file) == .allow)
    let below = [UInt8(0xFF), 0x2F] + Array(".bashrc".utf8)
    #expect(
      policy.decideApply(relativePath: below, kind: .file)
        == .hold(rule: "the built-in rule 'start-up files'", remedy: nil)
    )
  }

  @Test(arguments: ["", "/a", "a//b", "a/", "./a", "a/./b", "../a", "a/..", "..", ".", "a\0b"])
  func `what is no path below the workspace is denied`(path: String) throws {
    #expect(isDenied(try decide(path)))
  }

  @Test(arguments: [
    ".git", ".git/hooks", ".vscode", ".ssh", ".config", ".config/fish", "a/.idea", ".cargo",
    ".git/info", ".git/modules", ".git/modules/a", ".git/worktrees/w",
  ])
  func `a directory on the way is no start-up file, a link in its place is`(path: String) throws {
    #expect(try decide(path, .directory) == .allow)
    #expect(isHeld(try decide(path, .link)))
    #expect(isHeld(try decide(path, .other)))
  }

  @Test(arguments: [
    ("$WORKSPACE/.git/hooks", ".git/hooks/pre-commit", true),
    ("$WORKSPACE/.git/hooks/pre-commit", ".git/hooks/pre-commit", true),
    ("$WORKSPACE/.git/hooks/pre-commit", ".git/hooks/pre-push", false),
    ("$WORKSPACE/.git", ".git/hooks/pre-commit", true),
    ("$WORKSPACE/.git", "sub/.git/hooks/pre-commit", false),
    ("$WORKSPACE", ".git/hooks/pre-commit", false),
    ("$WORKSPACE/sub", "sub/.bashrc", false),
    ("$WORKSPACE/sub/.bashrc", "sub/.bashrc", true),
    ("$WORKSPACE/.vscode", ".vscode/tasks.json", true),
    ("$WORKSPACE/.vscode", ".VSCODE/tasks.json", false),
    ("$WORKSPACE/.config", ".config/fish/config.fish", false),
    ("$WORKSPACE/.config/fish", ".config/fish/config.fish", true),
    ("/repo/.envrc", ".envrc", true),
    ("/other/.envrc", ".envrc", false),
  ])
  func `a start-up file is applied where a grant names it`(
    grant: String,
    path: String,
    applied: Bool
  ) throws {
    let decision = try decide(path, .file, "filesystem: { write: [$WORKSPACE, \(grant)] }")
    #expect((decision == .allow) == applied)
  }

  @Test func `a hold names the rule and the smallest grant`() throws {
    #expect(
      try decide("sub/.git/hooks/pre-commit")
        == .hold(
          rule: "the built-in rule 'start-up files'",
          remedy: "filesystem.write: [$WORKSPACE, /tmp, $WORKSPACE/sub/.git/hooks]"
        )
    )
  }

  @Test(arguments: [
    (".env", EntryKind.file, true), ("keys/a", .file, true), ("keys", .link, true),
    ("deep/er/key", .file, true), ("deep", .link, true), ("deep/er", .file, true),
    ("deep", .directory, false), ("deep/er", .directory, false), (".envrc2", .file, false),
    ("keysmith", .file, false),
  ])
  func `what is denied is never applied, nor what would move it`(
    path: String,
    kind: EntryKind,
    denied: Bool
  ) throws {
    let yaml = "filesystem: { deny: [$WORKSPACE/.env, $WORKSPACE/keys, $WORKSPACE/deep/er/key] }"
    #expect(isDenied(try decide(path, kind, yaml)) == denied)
  }

  @Test(arguments: [".ENV", ".env.", ".e\u{200C}nv", "KEYS/a"])
  func `a name that differs from a denied one only in spelling is held`(path: String) throws {
    let yaml = "filesystem: { deny: [$WORKSPACE/.env, $WORKSPACE/keys] }"
    #expect(isHeld(try decide(path, .file, yaml)))
  }

  @Test func `a run without a workspace applies nothing`() throws {
    let policy = try Policies.compiled("workspace: { mode: none }", workspace: nil)
    #expect(isDenied(policy.decideApply(relativePath: Array("a".utf8), kind: .file)))
  }

  /// An entry whose kind is not known is judged as the most dangerous of those it could be.
  @Test(arguments: startUp + ordinary + disguised)
  func `an unknown kind is never judged more mildly than a known one`(path: String) throws {
    let unknown = try decide(path, .other)
    for kind in EntryKind.allCases where isHeld(try decide(path, kind)) {
      #expect(isHeld(unknown), "\(kind)")
    }
  }

  @Test func `a path of many components is judged in little time`() throws {
    let path = Array(repeating: "a.git", count: 700).joined(separator: "/")
    let clock = ContinuousClock()
    let time = try clock.measure { _ = try decide(path) }
    #expect(time < .seconds(2))
  }
}
