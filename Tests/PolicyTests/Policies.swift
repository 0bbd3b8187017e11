@testable import Policy

/// Ready-made policies for tests, on a workspace `/repo` and a home `/home/ann`.
enum Policies {
  static func compiled(
    _ yaml: String,
    workspace: String? = "/repo",
    installations: [String: [String]]? = nil
  ) throws -> CompiledPolicy {
    let document = try PolicyDocument.parse("version: 1\n" + yaml, file: "p.yaml")
    return try CompiledPolicy(
      document,
      PolicyVariables(
        workspace: workspace,
        home: "/home/ann",
        ownDirectories: ["/home/ann/.local/state/caisson"],
        installations: installations
      )
    )
  }

  static func profile(_ name: String, workspace: String = "/repo") throws -> CompiledPolicy {
    try CompiledPolicy(
      Profile.named(name) ?? PolicyDocument(origin: PolicyDocument.Origin("none")),
      PolicyVariables(
        workspace: workspace,
        home: "/home/ann",
        ownDirectories: ["/home/ann/.local/state/caisson"]
      )
    )
  }
}
