/// Where a value stood in its document.
///
/// Two marks are always equal: a document is what it says, not how it is laid out, so that a
/// document and its canonical text compare equal.
package struct SourceMark: Hashable, Sendable {
  /// Counted from one; nil for what was not written by a person.
  package var line: Int?

  package init(line: Int? = nil) {
    self.line = line
  }

  package static func == (left: SourceMark, right: SourceMark) -> Bool { true }

  package func hash(into hasher: inout Hasher) {}
}
