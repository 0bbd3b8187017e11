import Yams

enum DocumentSeed {
  static func parses(_ text: String) -> Bool {
    (try? Yams.compose(yaml: text)) != nil
  }
}
