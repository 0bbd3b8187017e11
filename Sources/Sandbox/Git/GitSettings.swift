/// What of a repository's configuration matters to a branch of it.
package struct GitSettings: Sendable {
  /// Names of the programs that content passes through (`lfs`). Caisson runs none of them.
  package let filters: [String]
  package let isPartial: Bool
  package let userName: String?
  package let userEmail: String?
  /// Where the repository's remotes are, without passwords: names and addresses.
  package let remotes: [(name: String, address: String)]
  /// Settings that say how content and names are written, not what is run.
  package let plain: [(String, String)]

  private static let plainKeys = [
    "core.filemode", "core.symlinks", "core.ignorecase", "core.autocrlf", "core.eol",
    "core.safecrlf", "core.precomposeunicode", "core.bigfilethreshold", "init.defaultbranch",
    "pull.rebase",
  ]

  init(of place: String, _ git: GitProcess) throws(GitError) {
    let doing = "read the configuration of \(place)"
    let answer = try git.run(
      ["-C", place, "config", "--list", "-z"],
      doing: doing,
      settings: .user
    )
    var values: [String: String] = [:]
    var filters: Set<String> = []
    var remotes: [(name: String, address: String)] = []
    var isPartial = false
    for entry in answer.bytes.split(separator: 0) {
      let text = String(decoding: entry, as: UTF8.self)
      let parts = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
      let key = String(parts[0])
      let value = parts.count > 1 ? String(parts[1]) : "true"
      values[key] = value
      let middle = key.split(separator: ".").dropFirst().dropLast().joined(separator: ".")
      if key.hasPrefix("filter."), !middle.isEmpty { filters.insert(middle) }
      if key.hasPrefix("remote."), key.hasSuffix(".promisor"), value != "false" { isPartial = true }
      if key.hasPrefix("remote."), key.hasSuffix(".url"), let address = Self.harmless(value) {
        remotes.append((middle, address))
      }
    }
    if values["extensions.partialclone"] != nil { isPartial = true }
    self.filters = filters.sorted()
    self.isPartial = isPartial
    userName = values["user.name"]
    userEmail = values["user.email"]
    self.remotes = Array(remotes.prefix(64))
    plain = Self.plainKeys.compactMap { key in values[key].map { (key, $0) } }
  }

  /// Settings that switch every filter off.
  var withoutFilters: [(String, String)] {
    filters.flatMap { name in
      [
        ("filter.\(name).clean", ""), ("filter.\(name).smudge", ""),
        ("filter.\(name).process", ""), ("filter.\(name).required", "false"),
      ]
    }
  }

  /// An address of a remote that a run may know: of the network, without a user's password.
  static func harmless(_ address: String) -> String? {
    guard !address.unicodeScalars.contains(where: { $0.value < 0x20 }) else { return nil }
    for scheme in ["https://", "http://", "ssh://", "git://"] where address.hasPrefix(scheme) {
      let rest = address.dropFirst(scheme.count)
      let end = rest.firstIndex(of: "/") ?? rest.endIndex
      guard let at = rest[..<end].lastIndex(of: "@") else { return address }
      // A user's name may be a token: only SSH needs one.
      let user = rest[..<at].prefix { $0 != ":" }
      return scheme + (scheme == "ssh://" ? "\(user)@" : "") + rest[rest.index(after: at)...]
    }
    // host:path, as of SSH.
    guard let colon = address.firstIndex(of: ":"), !address[..<colon].contains("/"),
      !address[colon...].hasPrefix("::"), !address[colon...].hasPrefix("://"),
      !address.hasPrefix("-")
    else { return nil }
    return address
  }
}
