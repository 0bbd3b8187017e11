internal import CLinux
internal import ExecWire
internal import Glibc

/// The process of a session and both ends of what is said to it.
///
/// `@unchecked Sendable`: everything that changes is touched on the loop's thread alone.
final class SessionLink: @unchecked Sendable {
  /// How long the process may take to end once it was asked to.
  private static let grace = Duration.seconds(5)
  private static let bytesAtOnce = 256 << 10

  let pid: Int32
  private let socket: Int32
  private let errors: Int32
  private let loop: SessionLoop

  private var inbox = FrameBuffer()
  private var outbox: [UInt8] = []
  private var sent = 0
  private var waiting: [UInt64: Waiting] = [:]
  private var nextID: UInt64 = 1
  private var starting: Resumption<SessionError?>?
  /// When the greeting has to be there, or force is next used to end the process.
  private var limit: ContinuousClock.Instant?
  private var phase = Phase.starting
  private var said: [UInt8] = []
  private var hasInput = true
  private var hasComplaints = true
  private var isForced = false
  private var endWaiters: [Resumption<SessionError?>] = []

  private enum Phase {
    case starting
    case open
    /// The process is to end, and why; nil where that was asked for here.
    case ending(String?)
    case ended(SessionError?)
  }

  private struct Waiting {
    let call: SessionCall
    let deadline: ContinuousClock.Instant
    let resume: Resume
    var allowance = OutputAllowance()
    /// Bytes that a command that talks may say by now.
    var window: Int
  }

  /// Told once how a call ended, on the loop's thread.
  typealias Resume = @Sendable (Result<Answer, SessionError>) -> Void

  private typealias Resumption<Value> = CheckedContinuation<Value, Never>

  /// Starts the process. It gets one end of a socket as input and output: that ends for it when
  /// this process does, and nobody inside can open it anew by /proc.
  init(
    _ program: String,
    _ arguments: [String],
    _ environment: [String],
    secret: String? = nil,
    loop: SessionLoop = .shared
  ) throws(SessionError) {
    var ends: [Int32] = [-1, -1]
    var pipe: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw .notOpened("socketpair: \(String(cString: strerror(errno)))")
    }
    let made = cl_pipe(&pipe)
    guard made == 0 else {
      for end in ends { _ = cl_close(end) }
      throw .notOpened("pipe: \(String(cString: strerror(-made)))")
    }
    let memory = secret.map { cl_sealed_memory("caisson-session", Array($0.utf8), $0.utf8.count) }
    defer { if let memory, memory >= 0 { _ = cl_close(memory) } }
    // Where the memory file could not be made, its number is refused like any that is no descriptor.
    let descriptors = [ends[1], ends[1], pipe[1]] + (memory.map { [$0] } ?? [])
    let child = Self.spawn(program, arguments, environment, descriptors)
    _ = cl_close(ends[1])
    _ = cl_close(pipe[1])
    guard child > 0 else {
      _ = cl_close(ends[0])
      _ = cl_close(pipe[0])
      throw .notOpened("cannot start \(program): \(String(cString: strerror(-child)))")
    }
    pid = child
    socket = ends[0]
    errors = pipe[0]
    _ = cl_set_nonblocking(socket, 1)
    _ = cl_set_nonblocking(errors, 1)
    self.loop = loop
    guard loop.add(self) else {
      _ = cl_kill(pid, SIGKILL)
      throw .notOpened("no thread could be made; are there too many?")
    }
  }

  private static func spawn(
    _ program: String,
    _ arguments: [String],
    _ environment: [String],
    _ descriptors: [Int32]
  ) -> Int32 {
    var words = (["caisson"] + arguments).map { strdup($0) } + [nil]
    var names = environment.map { strdup($0) } + [nil]
    defer { for text in words + names { free(text) } }
    return cl_spawn(program, &words, &names, descriptors, Int32(descriptors.count))
  }

  // MARK: - From anywhere

  /// Waits for the greeting from inside.
  func start(patience: Duration) async throws(SessionError) {
    let failure: SessionError? = await withCheckedContinuation { continuation in
      loop.async {
        self.starting = continuation
        if case .starting = self.phase { self.limit = .now + patience }
        self.settleStart()
      }
    }
    if let failure { throw failure }
  }

  func ask(_ call: SessionCall) async throws(SessionError) -> Answer {
    let ticket = Ticket()
    let result: Result<Answer, SessionError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        loop.async { self.send(call, ticket) { continuation.resume(returning: $0) } }
      }
    } onCancel: {
      loop.async { self.cancel(ticket) }
    }
    return try result.get()
  }

  /// Makes a call of which the end is told by a function.
  func begin(_ call: SessionCall, _ ticket: Ticket, _ resume: @escaping Resume) {
    loop.async { self.send(call, ticket, resume) }
  }

  /// Writes to a command that talks.
  func write(
    _ bytes: [UInt8],
    isLast: Bool,
    to command: Ticket,
    _ resume: @escaping Resume
  ) {
    loop.async {
      guard let id = command.id else { return resume(.failure(.closed)) }
      let input = InputRequest(command: id, bytes: bytes, isLast: isLast)
      self.send(SessionCall(.input(input)), Ticket(), resume)
    }
  }

  /// Lets a command that talks say more.
  func allow(_ count: Int, to command: Ticket) {
    loop.async {
      guard case .open = self.phase, let id = command.id, self.waiting[id] != nil else { return }
      self.waiting[id]?.window += count
      self.tell(.allow(command: id, bytes: UInt32(clamping: count)))
    }
  }

  /// Has a command ended.
  func end(_ command: Ticket) { loop.async { self.cancel(command) } }

  func close() async {
    _ = await withCheckedContinuation { (continuation: Resumption<SessionError?>) in
      loop.async {
        self.endWaiters.append(continuation)
        self.finishInput(nil)
        self.settleEnd()
      }
    }
  }

  func ended() async -> SessionError? {
    await withCheckedContinuation { continuation in
      loop.async {
        self.endWaiters.append(continuation)
        self.settleEnd()
      }
    }
  }

  /// Nobody will ask any more.
  func abandon() { loop.async { self.finishInput(nil) } }

  // MARK: - Asking

  /// The number of a call, once it has one; touched on the loop's thread alone.
  final class Ticket: @unchecked Sendable {
    var id: UInt64?
    var isCancelled = false
  }

  private func send(
    _ call: SessionCall,
    _ ticket: Ticket,
    _ resume: @escaping Resume
  ) {
    switch phase {
    case .open: break
    case .ending(.some(let reason)): return resume(.failure(.died(words(reason))))
    case .ended(.some(let error)): return resume(.failure(error))
    case .starting, .ending(nil), .ended(nil): return resume(.failure(.closed))
    }
    let id = nextID
    nextID += 1
    ticket.id = id
    waiting[id] = Waiting(
      call: call,
      deadline: .now + call.patience,
      resume: resume,
      window: call.window
    )
    write(call.request.frame(id: id))
    if ticket.isCancelled { cancel(ticket) }
  }

  /// Has a command ended. Everything else is over soon.
  private func cancel(_ ticket: Ticket) {
    ticket.isCancelled = true
    guard case .open = phase, let id = ticket.id, case .run = waiting[id]?.call.request else {
      return
    }
    tell(.cancel(id))
  }

  /// Sends what needs no answer.
  private func tell(_ request: Request) {
    let number = nextID
    nextID += 1
    forgotten.insert(number)
    write(request.frame(id: number))
  }

  /// Requests whose answers nobody waits for.
  private var forgotten: Set<UInt64> = []

  private func write(_ frame: [UInt8]) {
    if sent == outbox.count {
      outbox.removeAll(keepingCapacity: outbox.capacity <= 1 << 20)
      sent = 0
    }
    outbox += frame
    flush()
  }

  private func flush() {
    while sent < outbox.count {
      let count = outbox.withUnsafeBytes { bytes in
        Glibc.send(
          socket,
          bytes.baseAddress.map { $0 + sent },
          bytes.count - sent,
          Int32(MSG_NOSIGNAL)
        )
      }
      if count > 0 {
        sent += count
      } else if errno == EAGAIN {
        break
      } else if errno != EINTR {
        // Its end is read, too.
        sent = outbox.count
      }
    }
  }

  // MARK: - The loop

  /// What is waited for: always two entries, of which some are none.
  var wanted: [pollfd] {
    let hasToSend = sent < outbox.count
    let events = Int16(POLLIN) | (hasToSend ? Int16(POLLOUT) : 0)
    return [
      pollfd(fd: hasInput ? socket : -1, events: events, revents: 0),
      pollfd(fd: hasComplaints ? errors : -1, events: Int16(POLLIN), revents: 0),
    ]
  }

  /// When ``advance(_:)`` has something to do, if nothing happens before.
  var deadline: ContinuousClock.Instant? {
    switch phase {
    case .starting: limit
    // A process that has closed its standard error is about to end.
    case .ending: hasComplaints ? limit : .now + .milliseconds(2)
    case .open: waiting.values.map(\.deadline).min()
    case .ended: nil
    }
  }

  var isOver: Bool {
    if case .ended = phase { true } else { false }
  }

  func handle(socket: Int16, errors: Int16) {
    if socket & Int16(POLLOUT) != 0 { flush() }
    if socket & ~Int16(POLLOUT) != 0 { takeInput() }
    if errors != 0 { takeComplaints() }
  }

  // MARK: - Listening

  private func takeInput() {
    guard hasInput else { return }
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bytesAtOnce, alignment: 16)
    defer { bytes.deallocate() }
    let count = cl_read(socket, bytes.baseAddress, bytes.count)
    if count == -Int(EAGAIN) { return }
    guard count > 0 else {
      hasInput = false
      finishInput("its service or its supervisor is gone")
      return
    }
    // What comes after the end was asked for is of no interest.
    switch phase {
    case .starting, .open: break
    case .ending, .ended: return
    }
    inbox.append(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    do throws(WireError) {
      while let payload = try inbox.next(largest: largestFrame) {
        guard take(try ServiceMessage(payload)) else { return }
      }
    } catch {
      kill("what came from inside is no answer (\(error))")
    }
  }

  /// The most bytes that anyone may send now. Nothing longer is kept.
  private var largestFrame: Int {
    max(256, waiting.values.reduce(0) { max($0, $1.call.largestAnswer) })
  }

  /// False where nothing more is to be read.
  private func take(_ message: ServiceMessage) -> Bool {
    switch (phase, message) {
    case (.starting, .greeting(ExecWire.version)):
      phase = .open
      write(ClientGreeting.frame)
      settleStart()
      return true
    case (.starting, .greeting(let version)):
      kill("its service speaks version \(version), and this is \(ExecWire.version); build it again")
    case (.open, .answer(let id, let answer)):
      if forgotten.remove(id) != nil { return true }
      guard let asked = waiting[id], asked.call.accepts(answer) else {
        kill("an answer came from inside that fits no question")
        return false
      }
      waiting[id] = nil
      asked.resume(.success(answer))
      return true
    case (.open, .output(let id, let skipped, let bytes)):
      guard let onOutput = waiting[id]?.call.onOutput,
        waiting[id]?.allowance.take(bytes.count) == true
      else {
        kill("more output came from inside than was agreed")
        return false
      }
      onOutput(skipped, bytes)
      return true
    case (.open, .said(let id, let bytes)):
      guard let asked = waiting[id], let onSaid = asked.call.onSaid, !bytes.isEmpty,
        bytes.count <= asked.window
      else {
        kill("a command said more than it was allowed")
        return false
      }
      waiting[id]?.window -= bytes.count
      onSaid(bytes)
      return true
    default: kill("something came from inside that nobody asked for")
    }
    return false
  }

  /// Keeps the end of what is said on standard error, for whoever is told of the death.
  private func takeComplaints() {
    guard hasComplaints else { return }
    var bytes = [UInt8](repeating: 0, count: 16 << 10)
    let count = cl_read(errors, &bytes, bytes.count)
    if count == -Int(EAGAIN) { return }
    guard count > 0 else {
      hasComplaints = false
      settleEnd()
      return
    }
    said = Array((said + bytes[..<count]).suffix(4096))
  }

  // MARK: - Time

  /// Does what is due.
  func advance(_ now: ContinuousClock.Instant) {
    let isDue = (limit ?? .now) <= now
    switch phase {
    case .starting:
      if limit != nil, isDue { kill("nothing was heard from inside in time") }
    case .open:
      if let deadline, deadline <= now { kill("no answer came from inside in time") }
    case .ending:
      if isDue {
        limit = now + Self.grace
        // Where it was killed before, something else holds its standard error.
        if isForced { hasComplaints = false }
        isForced = true
        _ = cl_kill(pid, SIGKILL)
      }
      settleEnd()
    case .ended: break
    }
  }

  // MARK: - The end

  /// Says that nothing more is asked; the process ends by that, or is made to.
  private func finishInput(_ reason: String?) {
    switch phase {
    case .ending, .ended: return
    case .starting, .open: break
    }
    phase = .ending(reason)
    shutdown(socket, Int32(SHUT_WR))
    limit = .now + Self.grace
    settleEnd()
  }

  private func kill(_ reason: String) {
    finishInput(reason)
    // Only as long as its number is its own.
    if case .ending = phase { _ = cl_kill(pid, SIGKILL) }
  }

  /// Ends everything once the process is gone. It closes its standard error a moment before that.
  private func settleEnd() {
    if case .ending(let reason) = phase, !hasComplaints {
      var status = cl_exit_status()
      let ended = cl_wait(pid, 0, &status)
      if ended == 0 { return }
      var text = reason
      if ended == pid {
        text? += status.signal != 0 ? " (signal \(status.signal))" : " (status \(status.code))"
      }
      let error = text.map { SessionError.died(words($0)) }
      phase = .ended(error)
      hasInput = false
      _ = cl_close(socket)
      _ = cl_close(errors)
      for call in waiting.values {
        call.resume(.failure(error ?? .closed))
      }
      waiting = [:]
      settleStart()
    }
    guard case .ended(let error) = phase else { return }
    for waiter in endWaiters { waiter.resume(returning: error) }
    endWaiters = []
  }

  private func settleStart() {
    guard let waiter = starting else { return }
    switch phase {
    case .open:
      waiter.resume(returning: nil)
    case .ended(.died(let reason)): waiter.resume(returning: .notOpened(reason))
    case .ended: waiter.resume(returning: .closed)
    case .starting, .ending: return
    }
    starting = nil
  }

  private func words(_ reason: String) -> String {
    // Some of it may come from inside: no control characters.
    let text = String(decoding: said.filter { $0 >= 0x20 || $0 == 0x0A }, as: UTF8.self)
    let lines = text.split(separator: "\n").suffix(4).joined(separator: "; ")
    return lines.isEmpty ? reason : "\(reason): \(lines)"
  }
}

extension Duration {
  /// Whole milliseconds; none where it is negative, and a century where it is longer.
  var milliseconds: Int64 {
    let (seconds, rest) = components
    guard seconds >= 0 else { return 0 }
    return min(seconds, 3_153_600_000) * 1000 + rest / 1_000_000_000_000_000
  }
}
