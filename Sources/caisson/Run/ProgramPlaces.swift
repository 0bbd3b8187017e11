/// Which directories belong to an installed program. Pure: it looks at the path alone.
enum ProgramPlaces {
  /// Version managers whose whole directory is the installation and holds no credential.
  private static let managers: Set<String> = [
    ".pyenv", ".nvm", ".rustup", ".rbenv", ".volta", ".sdkman", ".asdf", ".swiftly",
    ".local-python",
  ]

  /// The directories to grant for the program at `path`.
  ///
  /// The prefix of its `bin` directory, where that is a place for programs; the `bin` directory
  /// alone, where the prefix is one that also holds a person's things (`~`, `~/.local`, `~/.cargo`).
  static func directories(of path: String) -> [String] {
    var parts = path.split(separator: "/").map(String.init)
    guard parts.count > 1 else { return [] }
    parts.removeLast()
    if let manager = parts.firstIndex(where: managers.contains) {
      return ["/" + parts[...manager].joined(separator: "/")]
    }
    let directory = "/" + parts.joined(separator: "/")
    if ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/local/sbin"]
      .contains(directory)
    {
      return []
    }
    guard let last = parts.last, ["bin", "sbin", "shims", "libexec"].contains(last),
      parts.count > 2
    else { return [directory] }
    let prefix = parts.dropLast()
    guard let name = prefix.last, !name.hasPrefix("."),
      !["home", "root"].contains(prefix[0])
        || prefix.count > 3
    else { return [directory] }
    return ["/" + prefix.joined(separator: "/")]
  }
}
