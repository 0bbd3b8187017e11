/// One line of a diff, without its newline.
package struct DiffLine {
  package enum Kind: Sendable {
    /// Which path, and what becomes of it.
    case header
    /// Where in the file.
    case position
    case context, added, removed
    /// What Caisson has to say about the change: a conflict, something that is not carried.
    case note
  }

  package let kind: Kind
  package let text: ArraySlice<UInt8>

  /// A remark of Caisson's.
  package init(note: String) { self.init(.note, "! " + note) }

  init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = ArraySlice(text.utf8)
  }

  init(_ kind: Kind, _ text: ArraySlice<UInt8>) {
    self.kind = kind
    self.text = text
  }

  /// What stands before the text in a unified diff.
  package var sign: String {
    switch kind {
    case .added: "+"
    case .removed: "-"
    case .context: " "
    case .header, .position, .note: ""
    }
  }
}

/// How much of a file a change adds and removes.
package struct LineCounts: Hashable, Sendable {
  package var added = 0
  package var removed = 0
  /// For files that are not text, which have no lines.
  package var isBinary = false

  package init(added: Int = 0, removed: Int = 0, isBinary: Bool = false) {
    self.added = added
    self.removed = removed
    self.isBinary = isBinary
  }
}
