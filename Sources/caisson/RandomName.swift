/// Names that nobody chooses and nobody else has.
enum RandomName {
  private static let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")

  /// 16 letters and digits, 82 bits.
  static func make() -> String {
    String((0..<16).compactMap { _ in letters.randomElement() })
  }
}
