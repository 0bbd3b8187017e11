/// Paths as texts: comparisons by whole components, never by characters.
enum PathText {
  /// Whether a path is the given directory or lies below it.
  static func covers(_ directory: String, _ path: String) -> Bool {
    directory == "/" || path.utf8.elementsEqual(directory.utf8)
      || (path.utf8.starts(with: directory.utf8)
        && path.utf8.dropFirst(directory.utf8.count).first == 0x2F)
  }

  /// The part below a directory, without a leading slash; empty for the directory itself.
  static func below(_ directory: String, _ path: String) -> Substring? {
    guard covers(directory, path) else { return nil }
    if directory == "/" { return path.dropFirst() }
    let rest = path.utf8.dropFirst(directory.utf8.count)
    return Substring(rest.first == 0x2F ? rest.dropFirst() : rest)
  }

  /// An absolute path in its shortest form, or nil where it is relative or holds `..` or a NUL.
  static func normalised(_ path: String) -> String? {
    guard path.utf8.first == 0x2F, !path.utf8.contains(0) else { return nil }
    var shortest = ""
    for component in path.utf8.split(separator: 0x2F) {
      let component = Substring(component)
      if component == "." { continue }
      if component == ".." { return nil }
      shortest += "/\(component)"
    }
    return shortest.isEmpty ? "/" : shortest
  }
}
