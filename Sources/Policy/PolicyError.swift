/// Everything that is wrong with a policy, in the order of its lines.
package struct PolicyError: Error, Hashable, Sendable, CustomStringConvertible {
  package let problems: [Problem]

  package init(_ problems: [Problem]) {
    self.problems = problems
  }

  package var description: String {
    problems.map(\.description).joined(separator: "\n")
  }
}

/// One thing that is wrong, where it stands, and how to mend it.
package struct Problem: Hashable, Sendable, CustomStringConvertible {
  /// The name under which the document was read, for the person who reads the message.
  package var file: String
  /// Counted from one; zero where the document as a whole is meant.
  package var line: Int
  /// Counted from one, in Unicode scalars; zero where the document as a whole is meant.
  package var column: Int
  /// The way to the value, such as `network[0].rules[1].allow`; empty for the document itself.
  package var key: String
  package var what: String
  /// What to write instead.
  package var remedy: String

  package init(
    file: String,
    line: Int = 0,
    column: Int = 0,
    key: String,
    what: String,
    remedy: String
  ) {
    self.file = file
    self.line = line
    self.column = column
    // All three may quote the document, which is data from outside.
    self.key = printable(key, atMost: 200)
    self.what = printable(what, atMost: 400)
    self.remedy = printable(remedy, atMost: 400)
  }

  package var description: String {
    let place = line > 0 ? "\(file):\(line):\(column)" : file
    let subject = key.isEmpty ? "" : "\(key): "
    return "\(place): \(subject)\(what); \(remedy)"
  }
}
