import Foundation
import Policy

/// Finds the policy that a person names: a profile, or a file.
enum PolicySource {
  static func load(_ name: String) throws -> PolicyDocument {
    if let profile = Profile.named(name) { return profile }
    guard let data = FileManager.default.contents(atPath: name) else {
      throw RunSession.Refusal.failed(
        "no policy '\(name)': neither a file that can be read nor a profile "
          + "(\(Profile.names.joined(separator: ", ")))"
      )
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw RunSession.Refusal.policy("\(name): not UTF-8 text; save it as UTF-8")
    }
    do {
      return try PolicyDocument.parse(text, file: name)
    } catch {
      throw RunSession.Refusal.policy("\(error)")
    }
  }
}
