import Yams

/// What the YAML library says about a text, in the words of a person who wants to mend it.
struct YAMLComplaint {
  let line: Int
  let column: Int
  let what: String
  let remedy: String

  init(_ error: YamlError, text: String) {
    switch error {
    case .scanner(let context, let problem, let mark, _),
      .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      self.init(context: context, problem: problem, mark: mark, text: text)
    case .memory:
      self.init(1, 1, "the document is nested too deeply", "none needs more than 6 levels")
    default:
      self.init(1, 1, "this is not YAML", "begin with version: 1")
    }
  }

  private init(_ line: Int, _ column: Int, _ what: String, _ remedy: String) {
    self.line = max(line, 1)
    self.column = max(column, 1)
    self.what = what
    self.remedy = remedy
  }

  private init(context: YamlError.Context?, problem: String, mark: Mark, text: String) {
    let around = context?.text ?? ""
    let start = context?.mark ?? mark
    let character = Self.character(at: mark, of: text)
    if around == "while scanning an alias" || problem == "found undefined alias" {
      self.init(
        start.line,
        start.column,
        "'*' begins a YAML alias, and documents here have none",
        "put the text in quotes, as in \"*.example.com\""
      )
    } else if around == "while scanning an anchor" {
      self.init(
        start.line,
        start.column,
        "'&' begins a YAML anchor, and documents here have none",
        "put the text in quotes"
      )
    } else if around == "expected a single document in the stream" {
      self.init(
        mark.line,
        mark.column,
        "a second document begins here",
        "keep one document a file, without '---' or '...' between"
      )
    } else if around == "while scanning a quoted scalar", problem.hasPrefix("found unexpected") {
      self.init(start.line, start.column, "a quote is opened and never closed", "close it")
    } else if problem.hasPrefix("Maximum nesting level") {
      self.init(
        mark.line,
        mark.column,
        "the document is nested too deeply",
        "none needs more than 6 levels"
      )
    } else if problem == "found unknown escape character" || problem.contains("hexdecimal") {
      self.init(
        mark.line,
        mark.column,
        "a backslash in double quotes begins an unknown escape",
        "use single quotes, or write \\\\ for a backslash"
      )
    } else if character == "\t" {
      self.init(mark.line, mark.column, "a tab indents here", "indent with spaces")
    } else if problem == "found character that cannot start any token" {
      self.init(
        mark.line,
        mark.column,
        "no value can begin with \(quoted(character.map { "\($0)" } ?? ""))",
        "put the text in quotes"
      )
    } else if problem == "mapping values are not allowed in this context" {
      self.init(
        mark.line,
        mark.column,
        "a ':' stands where no key ends",
        "correct the indentation; put a text that holds ': ' in quotes"
      )
    } else if problem == "could not find expected ':'" {
      self.init(
        start.line,
        start.column,
        "a key has no ':'",
        "write it as in version: 1"
      )
    } else if around == "while parsing a flow sequence" {
      self.init(start.line, start.column, "'[' is never closed by ']'", "close it, or add a comma")
    } else if around == "while parsing a flow mapping" {
      self.init(start.line, start.column, "'{' is never closed by '}'", "close it, or add a comma")
    } else if around == "while parsing a block mapping" {
      self.init(
        mark.line,
        mark.column,
        "a key is expected here",
        "indent the keys of a mapping alike, each followed by ':'"
      )
    } else if around == "while parsing a block collection" {
      self.init(
        mark.line,
        mark.column,
        "the next entry of a list is expected here",
        "begin it with '- ', indented as its neighbours are"
      )
    } else if around.contains("directive") || problem.contains("directive")
      || problem.contains("document start") || problem.contains("incompatible")
    {
      self.init(
        mark.line,
        mark.column,
        "a document here has no '%' directives and nothing behind its end",
        "begin with version: 1"
      )
    } else {
      self.init(
        mark.line,
        mark.column,
        "this is not YAML (\(problem))",
        "correct the line, or quote the text"
      )
    }
  }

  private static func character(at mark: Mark, of text: String) -> Unicode.Scalar? {
    var line = 1
    var column = 1
    for scalar in text.unicodeScalars {
      if line == mark.line, column == mark.column { return scalar }
      if line > mark.line { return nil }
      column += 1
      if scalar == "\n" {
        line += 1
        column = 1
      }
    }
    return nil
  }
}
