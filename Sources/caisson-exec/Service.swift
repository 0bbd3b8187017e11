import CLinux
import ExecWire

/// Takes requests from descriptor 0, answers on descriptor 1.
final class Service {
  /// Commands that run at a time; one more is refused.
  private static let mostCommands = 64
  /// Pipes of answered commands that something still holds; the oldest are closed.
  private static let mostLingering = 64
  /// While so much waits to be sent, nothing more is taken in.
  private static let mostToSend = 4 << 20
  private static let bytesAtOnce = 64 << 10

  private let workspace: Int32
  private let nothing: Int32
  private let signals: Int32
  private let shell: String
  private let files: Files
  private let buffer: UnsafeMutableRawBufferPointer

  private var inbox = FrameBuffer()
  private var outbox: [UInt8] = []
  private var sent = 0
  private var isGreeted = false
  private var commands: [Command] = []
  /// Background processes may go on printing after their command was answered. Closing their pipe
  /// would kill them, reading all of it would let them keep this process busy.
  private var lingering: [Int32] = []
  private var nextSip: UInt64 = 0

  /// Nil where the kernel refuses what it needs.
  init?() {
    let here = Int32(CL_AT_FDCWD)
    workspace = cl_open(here, ".", Int32(CL_O_DIRECTORY), 0)
    nothing = cl_open(here, "/dev/null", Int32(CL_O_RDWR), 0)
    let child: Int32 = 17  // SIGCHLD
    signals = withUnsafePointer(to: child) { cl_signal_descriptor($0, 1) }
    var status = cl_status()
    shell = cl_stat(here, "/bin/bash", 0, &status) == 0 ? "/bin/bash" : "/bin/sh"
    files = Files(workspace: workspace)
    buffer = .allocate(byteCount: Self.bytesAtOnce, alignment: 16)
    guard workspace >= 0, nothing >= 0, signals >= 0 else { return nil }
    for descriptor: Int32 in 0...1 {
      guard cl_set_nonblocking(descriptor, 1) == 0 else { return nil }
      _ = cl_set_cloexec(descriptor, 1)
    }
  }

  static func complain(_ text: String) {
    let line = Array("caisson-exec: \(text)\n".utf8)
    _ = cl_write(2, line, line.count)
  }

  func run() -> Never {
    send(.greeting(version: ExecWire.version))
    while true {
      takeRequests()
      var entries = [
        cl_poll(descriptor: 0, wanted: Int16(acceptsMore ? CL_POLLIN : 0), seen: 0),
        cl_poll(descriptor: 1, wanted: Int16(hasToSend ? CL_POLLOUT : 0), seen: 0),
        cl_poll(descriptor: signals, wanted: Int16(CL_POLLIN), seen: 0),
      ]
      for command in commands {
        let talk = acceptsMore ? command.talk : nil
        entries += [
          cl_poll(descriptor: command.pipe, wanted: Int16(CL_POLLIN), seen: 0),
          cl_poll(descriptor: talk?.reads ?? -1, wanted: Int16(CL_POLLIN), seen: 0),
          cl_poll(descriptor: talk?.writes ?? -1, wanted: Int16(CL_POLLOUT), seen: 0),
        ]
      }
      _ = cl_poll(&entries, Int32(entries.count), patience, 1)
      if entries[1].seen != 0 { flush() }
      if entries[0].seen != 0 { takeInput(entries[0].seen) }
      if entries[2].seen != 0 { reap() }
      let now = cl_monotonic_milliseconds()
      for index in commands.indices where entries.indices.contains(5 + 3 * index) {
        let first = 3 + 3 * index
        if entries[first].seen != 0 { commands[index].takeOutput(buffer) }
        if entries[first + 1].seen != 0, let bytes = commands[index].talk?.takeOutput(buffer) {
          send(.said(id: commands[index].id, bytes: bytes))
        }
        if entries[first + 2].seen != 0, let (id, answer) = commands[index].talk?.write() {
          send(.answer(id: id, answer))
        }
      }
      advance(now)
      sip(now)
    }
  }

  // MARK: - Both ends

  private var hasToSend: Bool { sent < outbox.count }
  private var acceptsMore: Bool { outbox.count - sent < Self.mostToSend }

  private func send(_ message: ServiceMessage) {
    if sent == outbox.count {
      outbox.removeAll(keepingCapacity: outbox.capacity <= 1 << 20)
      sent = 0
    }
    outbox += message.frame
    flush()
  }

  private func flush() {
    while hasToSend {
      let count = outbox.withUnsafeBytes { bytes in
        cl_write(1, bytes.baseAddress.map { $0 + sent }, bytes.count - sent)
      }
      if count == -11 { return }  // EAGAIN
      guard count > 0 else { cl_exit(0) }
      sent += count
    }
  }

  private func takeInput(_ seen: Int16) {
    guard acceptsMore else {
      if seen & Int16(CL_POLLHUP | CL_POLLERR) != 0 { cl_exit(0) }
      return
    }
    let count = cl_read(0, buffer.baseAddress, buffer.count)
    if count == -11 { return }
    guard count > 0 else { cl_exit(0) }
    inbox.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
  }

  private func takeRequests() {
    do throws(WireError) {
      while acceptsMore, let payload = try inbox.next() {
        guard isGreeted else {
          let version = try ClientGreeting.version(payload)
          guard version == ExecWire.version else {
            Self.complain("spoken to in version \(version), and speaks \(ExecWire.version)")
            cl_exit(3)
          }
          isGreeted = true
          continue
        }
        let (id, request) = try Request.decode(payload)
        take(request, id)
      }
    } catch {
      Self.complain("got what is no request: \(error)")
      cl_exit(3)
    }
  }

  private func take(_ request: Request, _ id: UInt64) {
    let answer: Answer
    switch request {
    case .run(let run):
      guard let refusal = start(run, id) else { return }
      answer = refusal
    case .cancel(let other):
      let now = cl_monotonic_milliseconds()
      for index in commands.indices where commands[index].id == other {
        commands[index].stop(.cancelled, now)
      }
      answer = .done
    case .read(let path, let offset, let count): answer = files.read(path, offset, count)
    case .write(let write): answer = files.write(write)
    case .sync:
      let result = cl_fs_sync_all(workspace)
      answer = result == 0 ? .done : .failed(.system(-result))
    case .stat(let path): answer = files.stat(path)
    case .input(let input):
      guard let index = commands.firstIndex(where: { $0.id == input.command }) else {
        // It ended while this was on its way.
        answer = .failed(.system(32))  // EPIPE
        break
      }
      guard let said = commands[index].take(input, id) else { return }
      answer = said
    case .allow(let other, let bytes):
      for index in commands.indices where commands[index].id == other {
        commands[index].talk?.allow(bytes)
      }
      answer = .done
    }
    send(.answer(id: id, answer))
  }

  // MARK: - Commands

  /// Starts a command, or says at once why not.
  private func start(_ run: RunRequest, _ id: UInt64) -> Answer? {
    guard !commands.contains(where: { $0.id == id }), !run.command.contains(0),
      !run.directory.contains(0)
    else { return .failed(.malformed) }
    guard commands.count < Self.mostCommands else { return .failed(.busy) }
    let moved = run.directory.isEmpty ? 0 : cl_chdir(run.directory.terminated)
    defer { _ = cl_change_directory(workspace) }
    guard moved == 0 else { return Self.notStarted(moved) }
    do throws(CallFailure) {
      commands.append(try Command(run, id: id, shell: shell, nothing: nothing))
      return nil
    } catch {
      return Self.notStarted(error.result)
    }
  }

  private static func notStarted(_ result: Int32) -> Answer {
    .ran(RanCommand(end: .notStarted(-result), milliseconds: 0))
  }

  private func reap() {
    while cl_next_signal(signals) > 0 {}
    var status = cl_exit_status()
    let now = cl_monotonic_milliseconds()
    while cl_wait(-1, 0, &status) > 0 {
      for index in commands.indices where commands[index].pid == status.pid {
        commands[index].noteEnd(status, now)
        if let (id, answer) = commands[index].talk?.closeInput() { send(.answer(id: id, answer)) }
      }
    }
  }

  /// Does what is due, and answers for the commands that are over.
  private func advance(_ now: UInt64) {
    var index = 0
    while index < commands.count {
      commands[index].enforce(now)
      if let (skipped, bytes) = commands[index].takeNews(now) {
        send(.output(id: commands[index].id, skipped: skipped, bytes: bytes))
      }
      guard let ran = commands[index].answer(now) else {
        index += 1
        continue
      }
      var command = commands.remove(at: index)
      if let (id, answer) = command.talk?.closeInput() { send(.answer(id: id, answer)) }
      send(.answer(id: command.id, .ran(ran)))
      for pipe in [command.pipe, command.talk?.output ?? -1] where pipe >= 0 { linger(pipe) }
    }
  }

  private func linger(_ pipe: Int32) {
    lingering.append(pipe)
    if lingering.count > Self.mostLingering { _ = cl_close(lingering.removeFirst()) }
  }

  /// Takes a little of what background processes print.
  private func sip(_ now: UInt64) {
    guard !lingering.isEmpty, now >= nextSip else { return }
    nextSip = now + ExecWire.outputInterval
    lingering.removeAll { pipe in
      let count = cl_read(pipe, buffer.baseAddress, buffer.count)
      let isOver = count <= 0 && count != -11
      if isOver { _ = cl_close(pipe) }
      return isOver
    }
  }

  /// How long nothing is due.
  private var patience: Int32 {
    var next = commands.compactMap(\.nextMoment).min() ?? .max
    if !lingering.isEmpty { next = min(next, nextSip) }
    guard next < .max else { return -1 }
    let now = cl_monotonic_milliseconds()
    return next <= now ? 0 : Int32(clamping: next - now)
  }
}

/// A system call that failed, as CLinux gives its result.
struct CallFailure: Error {
  /// `-errno`.
  let result: Int32

  @discardableResult
  static func check(_ result: Int32) throws(CallFailure) -> Int32 {
    guard result >= 0 else { throw CallFailure(result: result) }
    return result
  }
}

extension [UInt8] {
  /// The bytes as the C library takes a path. They hold no NUL: that was looked for.
  var terminated: [CChar] { map { CChar(bitPattern: $0) } + [0] }
}
