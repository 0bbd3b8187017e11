internal import ExecWire

/// A request, and what may be answered to it.
struct SessionCall: Sendable {
  let request: Request
  let onOutput: (@Sendable (UInt64, [UInt8]) -> Void)?
  let onSaid: (@Sendable ([UInt8]) -> Void)?

  init(
    _ request: Request,
    onOutput: (@Sendable (UInt64, [UInt8]) -> Void)? = nil,
    onSaid: (@Sendable ([UInt8]) -> Void)? = nil
  ) {
    self.request = request
    self.onOutput = onOutput
    self.onSaid = onSaid
  }

  /// Bytes that a command that talks may say before it is allowed more.
  var window: Int {
    guard case .run(let run) = request else { return 0 }
    return Int(run.window)
  }

  /// A frame's own fields, generously.
  private static let fields = 256

  /// The most bytes of a frame that answers it, or comes before the answer.
  var largestAnswer: Int {
    switch request {
    case .run(let run):
      max(
        Int(run.headBytes) + Int(run.tailBytes),
        run.follows ? ExecWire.outputBytes : 0,
        run.window > 0 ? ExecWire.largestPiece : 0
      ) + Self.fields
    // A directory's names, where a file was thought to be.
    case .read(_, _, let count):
      max(Int(count), min(Int(count) * 261, ExecWire.largestContent + (1 << 20))) + Self.fields
    case .cancel, .write, .sync, .stat, .input, .allow: Self.fields
    }
  }

  /// How long the answer may take. The service ends a command by itself before that.
  var patience: Duration {
    switch request {
    case .run(let run): .milliseconds(Int64(run.milliseconds)) + .seconds(30)
    case .cancel, .read, .stat, .allow: .seconds(60)
    // As long as the command does not read: it is its call that ends in time.
    case .input: .milliseconds(Int64(UInt32.max)) + .seconds(60)
    // The disk may have much to do.
    case .write, .sync: .seconds(300)
    }
  }

  /// Whether an answer can be one to this request.
  func accepts(_ answer: Answer) -> Bool {
    switch (request, answer) {
    case (_, .failed): true
    case (.run(let run), .ran(let ran)):
      ran.head.count <= Int(run.headBytes) && ran.tail.count <= Int(run.tailBytes)
        && ran.total >= UInt64(ran.head.count) + UInt64(ran.tail.count)
    case (.read(_, _, let count), .content(_, let bytes)): bytes.count <= Int(count)
    case (.read(_, _, let count), .listing(_, let names, _)):
      names.count <= Int(count)
        && names.allSatisfy { name in
          !name.name.isEmpty && name.name.count <= 255 && !name.name.contains(0x2F)
            && !name.name.contains(0)
        }
    case (.write, .written), (.stat, .status), (.sync, .done), (.cancel, .done),
      (.input, .done), (.allow, .done):
      true
    default: false
    }
  }
}

/// Holds output that comes while a command runs to what was agreed.
struct OutputAllowance {
  private let start: ContinuousClock.Instant
  private var taken = 0
  private static let least = 1 << 10

  init(start: ContinuousClock.Instant = .now) {
    self.start = start
  }

  /// False where there is more of it than the time since the start allows.
  mutating func take(_ count: Int, at now: ContinuousClock.Instant = .now) -> Bool {
    let intervals = (now - start) / .milliseconds(Int(ExecWire.outputInterval))
    // What was sent at the beginning and at the end of an interval may come together.
    let allowed = (intervals + 3) * Double(ExecWire.outputBytes)
    // The smallest piece costs something, too.
    taken += max(count, Self.least)
    return count <= ExecWire.outputBytes && Double(taken) <= allowed
  }
}
