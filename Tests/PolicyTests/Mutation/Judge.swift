import Policy

/// Does with an input what Caisson does with a policy, and checks what must hold for every one.
package enum Judge {
  /// What is wrong with Caisson, if this input shows it.
  package static func complaint(about text: String) -> String? {
    let document: PolicyDocument
    do {
      document = try PolicyDocument.parse(text, file: "input")
    } catch {
      return complaint(about: error)
    }
    let canonical = document.canonicalText
    guard let again = try? PolicyDocument.parse(canonical, file: "canonical") else {
      return "the canonical text is refused: \(canonical)"
    }
    guard again == document, again.canonicalText == canonical else {
      return "the canonical text says something else: \(canonical)"
    }
    return complaint(about: document)
  }

  private static func complaint(about error: PolicyError) -> String? {
    if error.problems.isEmpty { return "refused without a problem" }
    for problem in error.problems {
      if problem.what.isEmpty || problem.remedy.isEmpty { return "a problem without words" }
      let isPrintable = problem.description.unicodeScalars.allSatisfy {
        $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value)
          && !(0x2028...0x202E).contains($0.value)
      }
      if !isPrintable { return "a message that moves the cursor" }
      if problem.line < 0 || problem.column < 0 { return "a place before the beginning" }
    }
    return nil
  }

  private static func complaint(about document: PolicyDocument) -> String? {
    let places = PolicyVariables(
      workspace: "/repo",
      home: "/home/ann",
      ownDirectories: ["/home/ann/.local/state/caisson"]
    )
    guard let policy = try? CompiledPolicy(document, places) else { return nil }
    let never: [Request] = [
      .read("/home/ann/.local/state/caisson/journal.sqlite"), .read("/run/docker.sock"),
      .write("/sys/kernel/x"), .connect(host: "169.254.169.254", port: 80), .read("/repo/../etc"),
    ]
    for request in never where policy.decide(request).verdict == .allow {
      return "allowed: \(request)"
    }
    for rule in policy.deny where policy.decide(.read(rule.path)).verdict == .allow {
      return "a denied path may be read: \(rule.path)"
    }
    for rule in policy.document.tools {
      let unread = policy.decideTool(
        server: rule.server,
        tool: rule.allow.first ?? "",
        arguments: "{"
      )
      let isJudged = rule.arguments.contains { $0.tools == rule.allow.first }
      if isJudged, unread.verdict == .allow { return "arguments that are no JSON are allowed" }
    }
    _ = policy.summary
    _ = policy.decideApply(relativePath: Array(".git/hooks/x".utf8))
    return nil
  }
}
