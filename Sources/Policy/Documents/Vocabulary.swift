/// The keys of one kind of document, so far as messages about unknown ones need to know them.
package struct Vocabulary: Sendable {
  /// The keys of the document itself.
  package var root: [String]
  /// The shortest sensible content of each mapping, by its keys.
  package var examples: [[String]: String]
  /// Where keys belong that somebody wrote at the root.
  package var parents: [(name: String, keys: [String])]
  /// Words of other tools, and the ones that they mean here.
  package var synonyms: [String: String]

  package init(
    root: [String],
    examples: [[String]: String],
    parents: [(name: String, keys: [String])] = [],
    synonyms: [String: String] = [:]
  ) {
    self.root = root
    self.examples = examples
    self.parents = parents
    self.synonyms = synonyms
  }

  /// What to do about a key that is not among those that may stand there.
  package func remedy(for name: String, among keys: [String]) -> String {
    if let near = nearest(to: name, in: keys) { return "did you mean '\(near)'?" }
    if let meant = synonyms[name], keys.contains(meant) { return "did you mean '\(meant)'?" }
    let parent = parents.first { $0.keys.contains(name) && !$0.keys.elementsEqual(keys) }
    if let parent, keys == root { return "it belongs under '\(parent.name)'" }
    if keys != root, root.contains(name) {
      return "it belongs at the beginning of a line, under no other key"
    }
    return "remove it; known here: \(keys.joined(separator: ", "))"
  }
}
