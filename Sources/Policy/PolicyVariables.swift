/// The places that a document speaks of, known only when a run is made.
package struct PolicyVariables: Hashable, Sendable {
  /// Absolute path of the workspace; nil where there is none.
  package var workspace: String?
  /// Absolute path of the caller's home directory.
  package var home: String?
  /// Caisson's own directories (state, configuration, sockets), which no policy grants.
  package var ownDirectories: [String]
  /// The directories or files that make up each program of `filesystem.programs`, as found here; nil
  /// where nobody looked.
  package var installations: [String: [String]]?

  package init(
    workspace: String?,
    home: String?,
    ownDirectories: [String] = [],
    installations: [String: [String]]? = nil
  ) {
    self.workspace = workspace
    self.home = home
    self.ownDirectories = ownDirectories
    self.installations = installations
  }
}
