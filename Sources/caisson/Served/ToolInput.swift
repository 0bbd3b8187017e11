import Dialects
import MCP
import Policy
import WorkWire

/// What a tool was called with, read as its schema says: a key that is misspelt is told, not left out.
struct ToolInput {
  private let json: JSON?

  init(_ arguments: ServedTool.Arguments, _ known: [String]) throws(WorkProblem) {
    json = arguments.json
    guard let json else { return }
    for (key, _) in json.members {
      guard let name = key.string, known.contains(name) else {
        throw WorkProblem(
          .invalid,
          "there is no argument '\((key.string ?? "").brief(60))' here; "
            + (known.isEmpty
              ? "this tool takes none" : "there are \(known.joined(separator: ", "))")
        )
      }
    }
  }

  func text(_ key: StaticString, atMost length: Int) throws(WorkProblem) -> String? {
    guard let value = json?.present(key) else { return nil }
    guard let text = value.string else { throw WorkProblem(.invalid, "\(key) is no text") }
    guard text.utf8.count <= length else {
      throw WorkProblem(.large, "\(key) is longer than \(length) bytes")
    }
    guard !text.utf8.contains(0) else {
      throw WorkProblem(.invalid, "\(key) holds a zero byte")
    }
    return text
  }

  func number(
    _ key: StaticString,
    in range: ClosedRange<Int>
  ) throws(WorkProblem) -> Int? {
    guard let value = json?.present(key) else { return nil }
    guard let number = value.int, range.contains(number) else {
      throw WorkProblem(
        .invalid,
        "\(key) is a whole number from \(range.lowerBound) to \(range.upperBound)"
      )
    }
    return number
  }

  /// US dollars, as a number or a text. Never by way of binary fractions.
  func money(_ key: StaticString) throws(WorkProblem) -> Money? {
    guard let value = json?.present(key) else { return nil }
    guard let text = value.number?.text ?? value.string, text.utf8.count <= 40 else {
      throw WorkProblem(.invalid, "\(key) is US dollars, as in 2.00")
    }
    do {
      return try WorkOrder.money(text)
    } catch {
      throw WorkProblem(.invalid, "\(key): \(error.what); write it as in 2.00")
    }
  }

  func texts(_ key: StaticString, atMost count: Int) throws(WorkProblem) -> [String] {
    guard let value = json?.present(key) else { return [] }
    guard value.isArray else { throw WorkProblem(.invalid, "\(key) is no list of texts") }
    var texts: [String] = []
    for element in value.elements {
      guard let text = element.string, !text.isEmpty, !text.utf8.contains(0),
        text.utf8.count < 4096, texts.count < count
      else {
        throw WorkProblem(.invalid, "\(key) is a list of at most \(count) texts, each a path")
      }
      texts.append(text)
    }
    return texts
  }

  func flag(_ key: StaticString) throws(WorkProblem) -> Bool {
    guard let value = json?.present(key) else { return false }
    guard let flag = value.bool else { throw WorkProblem(.invalid, "\(key) is true or false") }
    return flag
  }
}
