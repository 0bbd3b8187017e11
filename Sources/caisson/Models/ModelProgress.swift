import Foundation
import Glibc

/// How far a long piece of work on a file has come: on a terminal, and once it has taken a second.
struct ModelProgress {
  private let verb: String
  private let total: Int64?
  private let began = ContinuousClock.now
  private var done: Int64 = 0
  private var shown: ContinuousClock.Instant?

  private static let patience: Duration = .seconds(1)
  private static let pause: Duration = .milliseconds(200)

  init(_ verb: String, of total: Int64?) {
    self.verb = verb
    self.total = total
  }

  mutating func add(_ bytes: Int) {
    done += Int64(bytes)
    let now = ContinuousClock.now
    guard now - (shown ?? began) > (shown == nil ? Self.patience : Self.pause) else { return }
    guard isatty(STDERR_FILENO) == 1 else { return }
    shown = now
    Self.show(verb, Int(done), of: total.map { Int($0) })
  }

  func clear() {
    if shown != nil { Self.clear() }
  }

  static func show(_ verb: String, _ done: Int, of total: Int?) {
    guard isatty(STDERR_FILENO) == 1 else { return }
    let all = total.map { " of \(ModelSize.text($0))" } ?? ""
    write("\r\u{1B}[K\(verb) \(ModelSize.text(done))\(all)")
  }

  static func clear() {
    if isatty(STDERR_FILENO) == 1 { write("\r\u{1B}[K") }
  }

  private static func write(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }
}
