import Foundation

/// The table of CONTRIBUTING.md: which target may import which module.
struct ImportTable {
  struct Rule: Equatable {
    /// Allowed anywhere in the target; nil for every module.
    var allowed: Set<String>?
    /// Allowed in one folder of the target only, by module.
    var allowedInFolder: [String: String] = [:]
    var never: Set<String> = []
  }

  private(set) var rules: [String: Rule] = [:]

  static let standardLibrary: Set<String> = [
    "Swift", "Foundation", "FoundationEssentials", "Dispatch", "Glibc", "Synchronization",
  ]

  /// Reads the table whose first columns are called target, may import and never.
  init(markdown: String) {
    let lines = markdown.split(separator: "\n", omittingEmptySubsequences: false)
    guard let header = lines.firstIndex(where: { $0.hasPrefix("| target | may import | never |") })
    else { return }
    for line in lines[(header + 2)...].prefix(while: { $0.hasPrefix("|") }) {
      let cells = line.split(separator: "|", omittingEmptySubsequences: false)
        .dropFirst().map { $0.drop { $0 == " " } }
      guard cells.count > 3, let target = Self.names(in: cells[0]).first else { continue }
      rules[target] = Rule(cell: cells[1], never: cells[2])
    }
  }

  /// Whether a file of a target, named by its path within it, may import a module.
  func allows(_ module: String, in file: String, of target: String) -> Bool {
    guard let rule = rules[target], !rule.never.contains(module) else { return false }
    if Self.standardLibrary.contains(module) { return true }
    guard let allowed = rule.allowed else { return true }
    if let folder = rule.allowedInFolder[module] { return file.hasPrefix(folder) }
    return allowed.contains(module)
  }

  /// What stands between backticks.
  fileprivate static func names(in cell: Substring) -> [String] {
    cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }

  /// The module that a line of Swift imports, if it is an import.
  static func module(importedBy line: Substring) -> String? {
    let code = line.range(of: "//").map { line[..<$0.lowerBound] } ?? line
    var words = code.split(separator: " ")
    while let word = words.first, word.hasPrefix("@") || accessLevels.contains(word) {
      words.removeFirst()
    }
    guard words.first == "import" else { return nil }
    words.removeFirst()
    if let kind = words.first, declarations.contains(kind) { words.removeFirst() }
    return words.first?.split(separator: ".").first.map(String.init)
  }

  private static let accessLevels: Set<Substring> = [
    "public", "package", "internal", "fileprivate", "private",
  ]
  private static let declarations: Set<Substring> = [
    "class", "struct", "enum", "protocol", "func", "var", "let", "typealias",
  ]
}

extension ImportTable.Rule {
  fileprivate init(cell: Substring, never: Substring) {
    self.never = Set(ImportTable.names(in: never))
    guard !cell.hasPrefix("all") else { return }
    var allowed: Set<String> = []
    for part in cell.split(separator: ",") {
      let names = ImportTable.names(in: part)
      guard let module = names.first else { continue }
      if names.count == 2 {
        allowedInFolder[module] = names[1]
      } else {
        allowed.insert(module)
      }
    }
    self.allowed = allowed
  }
}
