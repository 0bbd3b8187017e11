import CLinux
import ExecWire

/// A command of the shell, from its start until it is answered for.
struct Command {
  /// Milliseconds from asking a command to end until it is made to, and how long that may take.
  private static let grace: UInt64 = 2000
  /// Milliseconds after the shell's end for which a pipe that others hold is read.
  private static let rest: UInt64 = 200

  let id: UInt64
  let pid: Int32
  /// What it prints comes from here; -1 once nobody holds the other end.
  private(set) var pipe: Int32
  /// For one that talks; then its pipe is its standard error.
  var talk: Talk?

  private let started: UInt64
  private let deadline: UInt64
  private var output: HeadAndTail
  /// Why it was told to end.
  private var stopped: RanCommand.End?
  private var killAt: UInt64?
  private var giveUpAt: UInt64?
  private var end: RanCommand.End?
  private var answerAt: UInt64?
  /// What has not been passed on yet; nil where nobody follows.
  private var news: (skipped: UInt64, bytes: [UInt8])?
  private var nextNews: UInt64

  init(
    _ request: RunRequest,
    id: UInt64,
    shell: String,
    nothing: Int32
  ) throws(CallFailure) {
    var ends: [Int32] = [-1, -1]
    var input: [Int32] = [-1, -1]
    var said: [Int32] = [-1, -1]
    let talks = request.window > 0
    // Those of the command, whether it was started or not; ours where it was not.
    var (theirs, ours): ([Int32], [Int32]) = ([], [])
    defer { for descriptor in theirs { _ = cl_close(descriptor) } }
    do throws(CallFailure) {
      try CallFailure.check(cl_pipe(&ends))
      (theirs, ours) = ([ends[1]], [ends[0]])
      if talks {
        try CallFailure.check(cl_pipe(&input))
        (theirs, ours) = (theirs + [input[0]], ours + [input[1]])
        try CallFailure.check(cl_pipe(&said))
        (theirs, ours) = (theirs + [said[1]], ours + [said[0]])
      }
      let descriptors = talks ? [input[0], said[1], ends[1]] : [nothing, ends[1], ends[1]]
      pid = try CallFailure.check(Self.spawn(request.command, shell, descriptors))
    } catch {
      for descriptor in ours { _ = cl_close(descriptor) }
      throw error
    }
    talk = talks ? Talk(input: input[1], output: said[0], window: request.window) : nil
    _ = cl_set_nonblocking(ends[0], 1)
    self.id = id
    pipe = ends[0]
    let most = ExecWire.largestContent / 2
    output = HeadAndTail(
      head: min(Int(request.headBytes), most),
      tail: min(Int(request.tailBytes), most)
    )
    started = cl_monotonic_milliseconds()
    deadline = started + UInt64(request.milliseconds)
    news = request.follows ? (0, []) : nil
    nextNews = started
  }

  /// A session of its own, the three descriptors, and none of this process's.
  private static func spawn(_ command: [UInt8], _ shell: String, _ descriptors: [Int32]) -> Int32 {
    var texts = [Array(shell.utf8).terminated, Array("-c".utf8).terminated, command.terminated]
    return withPointers(&texts) { arguments in
      cl_spawn(shell, arguments, cl_environment(), descriptors, Int32(descriptors.count))
    }
  }

  private static func withPointers(
    _ texts: inout [[CChar]],
    _ body: ([UnsafeMutablePointer<CChar>?]) -> Int32
  ) -> Int32 {
    let copies = texts.map { text in
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: text.count)
      copy.initialize(from: text, count: text.count)
      return copy
    }
    defer { for copy in copies { copy.deallocate() } }
    return body(copies + [nil])
  }

  // MARK: - What happens to it

  /// Reads once of what it prints.
  mutating func takeOutput(_ buffer: UnsafeMutableRawBufferPointer) {
    guard pipe >= 0 else { return }
    let count = cl_read(pipe, buffer.baseAddress, buffer.count)
    if count == -11 { return }  // EAGAIN
    guard count > 0 else {
      _ = cl_close(pipe)
      pipe = -1
      return
    }
    let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
    output.append(bytes)
    if news != nil { follow(bytes) }
  }

  /// Takes a piece of input; its answer, where that is known at once.
  mutating func take(_ input: InputRequest, _ id: UInt64) -> Answer? {
    talk == nil ? .failed(.malformed) : talk?.take(input, id)
  }

  private mutating func follow(_ bytes: UnsafeRawBufferPointer) {
    guard let (skipped, waiting) = news else { return }
    // The newest are passed on: a follower wants to see where it stands.
    let kept = (waiting + bytes.suffix(ExecWire.outputBytes)).suffix(ExecWire.outputBytes)
    let lost = waiting.count + bytes.count - kept.count
    news = (skipped &+ UInt64(lost), Array(kept))
  }

  /// Notes the shell's end.
  mutating func noteEnd(_ status: cl_exit_status, _ now: UInt64) {
    end = status.signal != 0 ? .signalled(status.signal) : .exited(status.code)
    answerAt = now + Self.rest
    // What is left of a command that was told to end has been told, too, and ends now.
    if stopped != nil { _ = cl_kill(-pid, 9) }
  }

  /// Tells its process group to end.
  mutating func stop(_ reason: RanCommand.End, _ now: UInt64) {
    guard stopped == nil, end == nil else { return }
    stopped = reason
    killAt = now + Self.grace
    giveUpAt = now + 2 * Self.grace
    _ = cl_kill(-pid, 15)
  }

  mutating func enforce(_ now: UInt64) {
    if now >= deadline { stop(.timedOut, now) }
    if let moment = killAt, now >= moment, end == nil {
      killAt = nil
      _ = cl_kill(-pid, 9)
    }
  }

  // MARK: - What is said of it

  /// Output to pass on now.
  mutating func takeNews(_ now: UInt64) -> (skipped: UInt64, bytes: [UInt8])? {
    guard let (skipped, bytes) = news, !bytes.isEmpty, now >= nextNews else { return nil }
    news = (0, [])
    nextNews = now + ExecWire.outputInterval
    return (skipped, bytes)
  }

  /// The answer, once there is one.
  func answer(_ now: UInt64) -> RanCommand? {
    let isRead = pipe < 0 && talk?.output ?? -1 < 0
    // What a command has said is passed on before its end, however long that has to wait for leave.
    let isOver = end != nil && (isRead || now >= answerAt ?? 0 && !isHeldUp)
    // A process that the kernel does not let go of is not waited for.
    let isLost = end == nil && now >= giveUpAt ?? .max
    guard isOver || isLost else { return nil }
    return RanCommand(
      end: stopped ?? end ?? .timedOut,
      milliseconds: now - started,
      total: output.total,
      head: output.head,
      tail: output.tail
    )
  }

  private var isHeldUp: Bool { talk?.isHeldUp ?? false }

  /// When something is due, if nothing happens before.
  var nextMoment: UInt64? {
    var moments =
      end == nil ? [stopped == nil ? deadline : giveUpAt] : [isHeldUp ? nil : answerAt]
    if end == nil { moments.append(killAt) }
    if let news, !news.bytes.isEmpty { moments.append(nextNews) }
    return moments.compactMap(\.self).min()
  }
}
