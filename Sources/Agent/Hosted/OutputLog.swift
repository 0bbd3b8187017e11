import Glibc
import Sandbox
import Synchronization

/// The output of an agent as it comes, in a file of its run's directory.
final class OutputLog: Sendable {
  private struct State {
    var descriptor: Int32 = -1
    var hasBegun = false
    /// Bytes that came, or were left out on the way.
    var seen: UInt64 = 0
    var rest: Int
  }

  private let path: String
  private let state: Mutex<State>

  /// - Parameter limit: Bytes that are kept of one stretch of work.
  init(_ path: String, limit: Int) {
    self.path = path
    state = Mutex(State(rest: limit))
  }

  deinit {
    let descriptor = state.withLock { $0.descriptor }
    if descriptor >= 0 { close(descriptor) }
  }

  /// Adds what came; `skipped` bytes before it were left out on the way.
  func add(_ skipped: UInt64, _ bytes: [UInt8]) {
    state.withLock { state in
      // Numbers from inside may be any.
      for count in [skipped, UInt64(bytes.count)] {
        let (sum, isLarge) = state.seen.addingReportingOverflow(count)
        state.seen = isLarge ? .max : sum
      }
      let gap = skipped > 0 ? Array("\n[… \(skipped) bytes left out …]\n".utf8) : []
      keep(gap + bytes, &state)
    }
  }

  /// Adds what the agent told in another way than by its output.
  func note(_ text: String) {
    state.withLock { keep(Array(text.utf8), &$0) }
  }

  private func keep(_ bytes: [UInt8], _ state: inout State) {
    if !state.hasBegun {
      state.hasBegun = true
      state.descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0o600)
    }
    guard state.descriptor >= 0, state.rest > 0 else { return }
    var piece = bytes
    if piece.count >= state.rest {
      piece = piece.prefix(state.rest) + Array("\n[the log is full]\n".utf8)
      state.rest = 0
    } else {
      state.rest -= piece.count
    }
    // A log that cannot be written, on a full disk, holds up nobody.
    _ = write(state.descriptor, piece, piece.count)
  }

  /// Adds what came too short before the end to be passed on by itself.
  func end(_ result: CommandResult) {
    let missing = result.total - min(result.total, state.withLock { $0.seen })
    let kept = result.omitted == 0 ? result.head + result.tail : result.tail
    let last = kept.suffix(Int(clamping: missing))
    if !last.isEmpty { add(missing - UInt64(last.count), Array(last)) }
  }
}
