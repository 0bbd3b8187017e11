package import Dialects

/// A tool that this program offers to others.
package struct ServedTool: Sendable {
  package let definition: ToolDefinition
  /// Answers a call. What it throws is told to the caller as a failure of the tool.
  package let answer: @Sendable (Arguments) async throws -> ToolAnswer

  package init(
    _ definition: ToolDefinition,
    answer: @escaping @Sendable (Arguments) async throws -> ToolAnswer
  ) {
    self.definition = definition
    self.answer = answer
  }

  /// What a tool was called with: an object that was checked as all that comes in is, and not yet
  /// against the tool's schema.
  package struct Arguments: Sendable {
    /// Nil where the call has none, which is as good as an empty object.
    package let json: JSON?
    /// Tells whoever waits for the answer how far it is; says nothing where nobody wants to know.
    ///
    /// What is told grows with each call.
    package let progress: @Sendable (_ done: Int, _ message: String) async -> Void

    package init(
      _ json: JSON?,
      progress: @escaping @Sendable (_ done: Int, _ message: String) async -> Void = { _, _ in }
    ) {
      self.json = json
      self.progress = progress
    }

    package subscript(_ key: StaticString) -> JSON? { json?.present(key) }
  }
}
