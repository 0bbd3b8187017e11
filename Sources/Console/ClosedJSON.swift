import Foundation
import WorkWire

/// Reads a body of which every key must be known: a misspelt one would be left out unnoticed.
enum ClosedJSON {
  static func decode<Body: ClosedBody>(
    _ type: Body.Type,
    _ bytes: [UInt8]
  ) throws(WorkProblem) -> Body {
    let data = Data(bytes)
    guard let members = try? JSONDecoder().decode([String: JSONValue].self, from: data) else {
      throw WorkProblem(.invalid, "the body is no JSON object")
    }
    let unknown = members.keys.filter { !Body.keys.contains($0) }.sorted()
    if let first = unknown.first {
      throw WorkProblem(
        .invalid,
        "the key '\(shown(first))' is unknown; known are \(Body.keys.sorted().joined(separator: ", "))"
      )
    }
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch DecodingError.keyNotFound(let key, _) {
      throw WorkProblem(.invalid, "the body has no '\(key.stringValue)'")
    } catch DecodingError.typeMismatch(_, let context),
      DecodingError.valueNotFound(_, let context), DecodingError.dataCorrupted(let context)
    {
      let key = context.codingPath.map(\.stringValue).joined(separator: ".")
      throw WorkProblem(.invalid, "'\(shown(key))' is not of the kind that it has to be")
    } catch {
      throw WorkProblem(.invalid, "the body cannot be read")
    }
  }

  private static func shown(_ text: String) -> String {
    String(text.prefix(60).filter { $0.isASCII && !$0.isNewline && $0 >= " " })
  }
}
