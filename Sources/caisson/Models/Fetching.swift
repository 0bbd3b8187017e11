import CLinux
import Foundation
import Glibc
import SystemPackage

/// The lock of one address: held as long as anybody fetches from there.
final class PullLock {
  let descriptor: Int32
  private let path: FilePath

  /// What is left of a fetching whose starter was killed is ended first.
  ///
  /// - Throws: where somebody fetches from there.
  init(_ path: FilePath) throws {
    self.path = path
    descriptor = open(path.string, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw ModelStoreError.unwritable(path.string, reason: String(cString: strerror(errno)))
    }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return }
    let (starter, run) = Self.holders(descriptor)
    guard let starter, let run, kill(starter, 0) != 0 else {
      close(descriptor)
      throw ModelStoreError.failed("this model is being fetched already, by another process")
    }
    // Nobody but the run can be holding it, so the number is still its own.
    _ = kill(run, SIGTERM)
    for _ in 0..<200 {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return }
      usleep(50_000)
    }
    close(descriptor)
    throw ModelStoreError.failed(
      "process \(run) still fetches this model, for a command that was killed; end it and try again"
    )
  }

  func write(run: Int32) {
    let text = "\(getpid()) \(run)\n"
    _ = ftruncate(descriptor, 0)
    _ = text.withCString { pwrite(descriptor, $0, text.utf8.count, 0) }
  }

  func release() {
    _ = unlink(path.string)
    close(descriptor)
  }

  private static func holders(_ descriptor: Int32) -> (starter: Int32?, run: Int32?) {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    let text = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    let numbers = text.split { $0 == " " || $0 == "\n" }.compactMap { Int32($0) }
    return numbers.count == 2 ? (numbers[0], numbers[1]) : (nil, nil)
  }
}

/// A sealed run of curl, whose output goes into a file as it comes; what asks this process to end ends it,
/// too.
struct Fetching {
  enum End {
    /// With the status that a shell would say, and the last that it complained of.
    case exited(Int32, said: String)
    /// Somebody asked for it.
    case ended
    /// What came could not be written, by this error of the system's.
    case unwritable(Int32)
  }

  private let pid: Int32
  private let output: Int32
  private let errors: Int32
  private let signals: Int32

  private static let mostErrors = 16_384

  init(arguments: [String], told: [UInt8], lock: PullLock) throws {
    var input: [Int32] = [-1, -1]
    var output: [Int32] = [-1, -1]
    var errors: [Int32] = [-1, -1]
    guard cl_pipe(&input) == 0, cl_pipe(&output) == 0, cl_pipe(&errors) == 0 else {
      throw ModelStoreError.failed("no pipe can be made")
    }
    let program = RunSession.ownPath("caisson")
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    var names = ProcessInfo.processInfo.environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for text in words + names { free(text) } }
    // The fourth is the lock, which the run's supervisor so holds as long as it lives.
    let shown = [input[0], output[1], errors[1], lock.descriptor]
    let child = cl_spawn(program, &words, &names, shown, Int32(shown.count))
    for descriptor in [input[0], output[1], errors[1]] { close(descriptor) }
    // It fits into the pipe.
    _ = told.withUnsafeBytes { Glibc.write(input[1], $0.baseAddress, $0.count) }
    close(input[1])
    guard child > 0 else {
      close(output[0])
      close(errors[0])
      throw ModelStoreError.failed("cannot start \(program): \(String(cString: strerror(-child)))")
    }
    lock.write(run: child)
    signals = cl_signal_descriptor([SIGINT, SIGTERM, SIGHUP], 3)
    (pid, self.output, self.errors) = (child, output[0], errors[0])
  }

  /// - Parameter tell: called while it goes on, some times a second.
  func wait(into file: Int32, _ tell: () -> Void) throws -> End {
    defer {
      close(errors)
      if signals >= 0 { close(signals) }
      cl_unblock_signals()
    }
    var complaints: [UInt8] = []
    var failure: Int32?
    var isAsked = false
    var isOpen = true
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var told = ContinuousClock.now
    while isOpen {
      var waited = [output, errors, signals].map {
        pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
      }
      _ = poll(&waited, 3, 500)
      if waited[0].revents != 0 {
        let count = read(output, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        failure = count > 0 ? Self.write(buffer[..<count], to: file) : nil
        isOpen = count > 0 && failure == nil
      }
      if waited[1].revents & Int16(POLLIN) != 0 { complaints += receive(errors) }
      if waited[2].revents != 0 {
        _ = cl_next_signal(signals)
        _ = kill(pid, isAsked ? SIGKILL : SIGTERM)
        isAsked = true
      }
      if ContinuousClock.now - told > .milliseconds(250) {
        tell()
        told = ContinuousClock.now
      }
    }
    // Where nobody reads any more, it ends.
    close(output)
    if failure != nil { _ = kill(pid, SIGTERM) }
    var status = cl_exit_status()
    while cl_wait(pid, 1, &status) == -EINTR {}
    if let failure { return .unwritable(failure) }
    if isAsked { return .ended }
    var last = pollfd(fd: errors, events: Int16(POLLIN), revents: 0)
    if poll(&last, 1, 0) > 0, last.revents & Int16(POLLIN) != 0 { complaints += receive(errors) }
    let said = String(decoding: complaints.suffix(Self.mostErrors), as: UTF8.self)
    return .exited(status.signal > 0 ? 128 + status.signal : status.code, said: said)
  }

  private func receive(_ descriptor: Int32) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &bytes, bytes.count)
    return Array(bytes.prefix(max(count, 0)))
  }

  /// The system's error, if any.
  private static func write(_ bytes: ArraySlice<UInt8>, to file: Int32) -> Int32? {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return count == 0 ? EIO : errno }
      rest = rest.dropFirst(count)
    }
    return nil
  }
}
