/// The keys of the native document, for readers and for messages about unknown ones.
package enum Schema {
  static let document = [
    "version", "workspace", "filesystem", "environment", "limits", "network", "models", "tools",
    "approvals",
  ]
  static let workspace = ["mode"]
  static let filesystem = ["read", "write", "deny", "programs"]
  static let environment = ["pass", "set"]
  static let limits = ["wall", "memory", "processes", "disk", "cpu"]
  static let host = [
    "host", "ports", "rules", "credential", "networks", "addresses", "websocket", "encoded_slash",
    "budget",
  ]
  static let git = [
    "git", "push", "tags", "force", "delete", "ports", "credential", "networks", "addresses",
  ]
  static let packages = ["packages", "networks", "addresses"]
  static let request = ["allow", "deny", "query", "header", "body"]
  static let byteBudget = ["sent"]
  static let models = ["allow", "budget"]
  static let tool = [
    "mcp", "allow", "command", "url", "policy", "environment", "class", "arguments",
  ]
  static let approval = ["when", "ask"]

  package static let vocabulary = Vocabulary(
    root: document,
    examples: examples,
    parents: parents,
    synonyms: synonyms
  )

  /// The shortest sensible content of each mapping.
  private static let examples = [
    document: "version: 1", workspace: "{ mode: overlay }",
    filesystem: "{ deny: [$WORKSPACE/.env] }",
    environment: "{ pass: [LANG] }", limits: "{ wall: 1h }", host: "{ host: api.example.com }",
    git: "{ git: github.com/acme/app }", request: "{ allow: \"GET /v1/**\" }",
    packages: "{ packages: python }", byteBudget: "{ sent: 10MiB }", models: "{ allow: [cheap] }",
    tool: "{ mcp: git, allow: [git_status] }",
    approval: "{ when: push, ask: once }",
  ]

  private static let parents: [(name: String, keys: [String])] = [
    ("workspace", workspace), ("filesystem", filesystem), ("environment", environment),
    ("limits", limits), ("network", host + git + packages), ("models", ["budget"]),
    ("tools", ["mcp", "command", "url", "class", "arguments"]), ("approvals", approval),
  ]

  /// Words of other tools, and the ones that they mean here.
  private static let synonyms = [
    "timeout": "wall", "time": "wall", "mem": "memory", "ram": "memory", "cpus": "cpu",
    "cores": "cpu", "procs": "processes", "pids": "processes", "fs": "filesystem",
    "files": "filesystem", "env": "environment", "net": "network", "egress": "network",
    "allow": "read", "readonly": "read", "read_only": "read", "rw": "write", "ro": "read",
    "exclude": "deny", "block": "deny", "domain": "host", "url": "host", "port": "ports",
    "repository": "git", "repo": "git", "secret": "credential", "token": "credential",
    "registry": "packages", "package": "packages", "server": "mcp", "model": "models",
    "tool": "tools", "cost": "budget",
  ]
}
