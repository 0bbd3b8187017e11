import Foundation
import Policy

/// Finds the policy that a person names: a profile, or a file.
enum PolicySource {
  /// The document, or a refusal to run.
  static func load(_ name: String) throws -> PolicyDocument {
    do {
      return try read(name)
    } catch let error as PolicyError {
      throw RunSession.Refusal.policy("\(error)")
    }
  }

  /// The document, or everything that is wrong with it.
  static func read(_ name: String) throws -> PolicyDocument {
    if let profile = Profile.named(name) { return profile }
    return try PolicyDocument.parse(text(of: name), file: name)
  }

  /// The text of a file.
  static func text(of name: String) throws -> String {
    // One byte more than a policy may have, so that a device or a large file ends, too.
    guard let file = FileHandle(forReadingAtPath: name),
      let data = try? file.read(upToCount: PolicyDocument.largestSize + 1) ?? Data()
    else {
      throw RunSession.Refusal.failed(
        "no policy '\(name)': neither a file that can be read nor a profile "
          + "(\(Profile.names.joined(separator: ", ")))"
      )
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw RunSession.Refusal.policy("\(name): not UTF-8 text; save it as UTF-8")
    }
    return text
  }
}
