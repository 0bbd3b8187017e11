/// The keys of an agent's document.
enum AgentSchema {
  static let document = [
    "version", "name", "command", "protocol", "permissions", "task", "model", "environment",
    "policy",
    "end", "restart",
  ]
  static let policy = ["read", "programs"]
  static let end = ["status", "summary"]

  static let vocabulary = Vocabulary(
    root: document,
    examples: [
      document: "version: 1", policy: "{ programs: [aider] }", end: "{ status: [0] }",
    ],
    parents: [("policy", policy), ("end", end)],
    synonyms: [
      "cmd": "command", "args": "command", "run": "command", "env": "environment",
      "prompt": "task", "input": "task", "exit": "status", "exit_status": "status",
      "result": "summary", "output": "summary", "paths": "read", "path": "read",
      "program": "programs", "speaks": "protocol", "wire": "protocol", "permission": "permissions",
      "approvals": "permissions",
    ]
  )
}
