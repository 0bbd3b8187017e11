/// The policies that Caisson brings along.
package enum Profile {
  package static let names = ["default", "read-only", "python", "node", "rust", "swift"]

  /// The document of a profile, or nil where none goes by that name.
  package static func named(_ name: String) -> PolicyDocument? {
    names.contains(name) ? PolicyDocument(origin: PolicyDocument.Origin(name)) : nil
  }
}
