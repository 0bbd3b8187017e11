/// How a tool stands to what was approved.
package enum PinVerdict: Hashable, Sendable {
  /// Word for word what was approved.
  case same
  /// Nobody was asked about it.
  case new
  /// It says something else than it did: it must be asked about again, in these parts.
  case changed([ToolPart])
}

/// The tools of a server, each held against its pin.
package struct PinReview: Hashable, Sendable {
  package struct Entry: Hashable, Sendable {
    package var tool: ToolDefinition
    package var verdict: PinVerdict
  }

  package var entries: [Entry]
  /// Approved once, and not offered now.
  package var missing: [String]

  /// - Parameter pins: of any servers; those of others say nothing about this one.
  package init(server: String, tools: [ToolDefinition], pins: [ToolPin]) {
    let own = pins.filter { $0.server == server }
    let offered = Set(tools.map(\.name))
    entries = tools.map { tool in
      Entry(tool: tool, verdict: Self.verdict(ToolPin(server: server, tool), own))
    }
    missing = Set(own.map(\.tool)).subtracting(offered).sorted()
  }

  /// The tools that may be used without asking.
  package var approved: [ToolDefinition] {
    entries.filter { $0.verdict == .same }.map(\.tool)
  }

  private static func verdict(_ pin: ToolPin, _ pins: [ToolPin]) -> PinVerdict {
    let former = pins.filter { $0.tool == pin.tool }
    guard let last = former.last else { return .new }
    if former.contains(where: { $0.digest == pin.digest }) { return .same }
    return .changed(ToolPart.allCases.filter { last.parts[$0] != pin.parts[$0] })
  }
}
