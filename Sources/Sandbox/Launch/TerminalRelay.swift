internal import CLinux
internal import Glibc

/// Carries bytes between the user's terminal and the run's own pseudo-terminal. The run never holds
/// a descriptor of the user's terminal, so it can neither type into it nor read from it.
///
/// The terminal is the user's first: it is read and put into raw mode only while this process group
/// has the foreground. Where standard output goes elsewhere, as in `caisson run … | less`, it is
/// shared: its settings stay, and what another program asked for key by key is left to that program.
///
/// Nothing here waits. A terminal that takes nothing, such as one stopped by Ctrl-S, holds up the run
/// that writes to it, as it would without a relay, and not the supervisor.
struct TerminalRelay: ~Copyable {
  let master: Descriptor
  private let input: Int32
  private let output: Int32
  /// The user's terminal, opened anew: to make the caller's own descriptor non-blocking would change
  /// it for all who hold it. Where it cannot be opened, as after `su`, the descriptor itself.
  private let screen: Int32
  private let readsInput: Bool
  private let sharesInput: Bool
  private var isRaw = false
  private var pending: [UInt8] = []
  private var inputEnded = false
  /// What the run wrote and the terminal has not taken yet. No more is read meanwhile.
  private var unshown: [UInt8] = []
  private var shownCount = 0
  /// Until when the run's terminal is not looked at, since no process of the run has it open.
  private var rest: ContinuousClock.Instant?

  init(master: consuming Descriptor, terminals: [Int32]) {
    self.master = master
    input = 0
    output = [1, 2, 0].first(where: terminals.contains) ?? 1
    let number = cl_open(
      Int32(CL_AT_FDCWD),
      "/proc/self/fd/\(output)",
      Int32(CL_O_WRONLY | CL_O_NONBLOCK | CL_O_NOCTTY),
      0
    )
    screen = number >= 0 ? number : output
    readsInput = terminals.contains(0)
    sharesInput = readsInput && !terminals.contains(1)
    _ = cl_set_nonblocking(self.master.number, 1)
    // The user's terminal shows the lines that are typed already.
    if sharesInput { _ = cl_terminal_mute(self.master.number) }
    resize()
  }

  deinit {
    if screen != output { _ = cl_close(screen) }
    if isRaw, cl_terminal_is_foreground(input) == 1 { _ = cl_terminal_restore(input) }
  }

  /// How long to wait at most, in milliseconds: nobody tells when the terminal becomes ours to read,
  /// nor when a process of the run opens its own again.
  var patience: Int32 {
    if isResting { return 100 }
    return readsInput && !inputEnded && !isReadable ? 250 : -1
  }

  private var isResting: Bool { rest.map { ContinuousClock.now < $0 } ?? false }

  /// What to wait for: the master, the user's keys while there is room for them, and the user's
  /// terminal while there is something to show.
  var wanted: [(descriptor: Int32, events: Int32)] {
    var list: [(Int32, Int32)] = []
    let events =
      (unshown.isEmpty ? Int32(CL_POLLIN) : 0) | (pending.isEmpty ? 0 : Int32(CL_POLLOUT))
    if events != 0, !isResting { list.append((master.number, events)) }
    if !inputEnded, pending.isEmpty, isReadable { list.append((input, Int32(CL_POLLIN))) }
    if let awaited { list.append((awaited, Int32(CL_POLLOUT))) }
    return list
  }

  /// The user's terminal, while it has to take something.
  var awaited: Int32? { unshown.isEmpty ? nil : screen }

  /// Takes the terminal for the run, where the run has the foreground.
  mutating func takeTerminal() {
    guard readsInput, !sharesInput, !isRaw, cl_terminal_is_foreground(input) == 1 else { return }
    isRaw = cl_terminal_raw(input) == 0
  }

  /// After a stop: whoever had the terminal meanwhile has set it up in another way.
  mutating func resume() {
    isRaw = false
    takeTerminal()
    resize()
  }

  private var isReadable: Bool {
    guard readsInput, cl_terminal_is_foreground(input) == 1 else { return false }
    return !sharesInput || cl_terminal_is_canonical(input) == 1
  }

  /// Goes on with what `wanted` asked for and `poll` has seen.
  mutating func handle(_ descriptor: Int32, _ events: Int32) {
    if descriptor == master.number {
      flush()
      if unshown.isEmpty { _ = copyOutput() }
    } else if events & Int32(CL_POLLOUT) != 0 {
      show()
    } else {
      readKeys()
    }
  }

  private mutating func readKeys() {
    guard isReadable else { return }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = cl_read(input, &bytes, bytes.count)
    if count > 0 {
      pending += bytes[..<count]
    } else if count == 0, sharesInput {
      pending.append(Self.endOfFile)
    } else {
      inputEnded = true
    }
    flush()
  }

  /// Ctrl-D, which a line discipline takes for the end of the input.
  private static let endOfFile: UInt8 = 4

  /// Copies what the run wrote. False where there is nothing now.
  private mutating func copyOutput() -> Bool {
    var bytes = [UInt8](repeating: 0, count: 65536)
    let count = cl_read(master.number, &bytes, bytes.count)
    if count == -Int(EIO) { rest = .now + .milliseconds(100) }
    guard count > 0 else { return false }
    unshown = Array(bytes[..<count])
    show()
    return true
  }

  /// Writes what the user's terminal takes now.
  private mutating func show() {
    while shownCount < unshown.count {
      var most = unshown.count - shownCount
      if screen == output {
        // A terminal that says it has room takes this much without waiting.
        var room = [cl_poll(descriptor: output, wanted: Int16(CL_POLLOUT), seen: 0)]
        guard cl_poll(&room, 1, 0, 1) > 0 else { return }
        most = min(most, 64)
      }
      let written = unshown.withUnsafeBytes {
        cl_write(screen, $0.baseAddress.map { $0 + shownCount }, most)
      }
      if written == -Int(EAGAIN) { return }
      // Nobody is there to see it any more.
      guard written > 0 else { break }
      shownCount += written
    }
    unshown = []
    shownCount = 0
  }

  /// Shows what is left after the run has ended, as far as the terminal takes it now.
  mutating func drain() {
    repeat { show() } while unshown.isEmpty && copyOutput()
  }

  /// Lets the keys that interrupt reach this process, once the run can take none.
  func releaseKeys() {
    if isRaw, cl_terminal_is_foreground(input) == 1 { _ = cl_terminal_interruptible(input) }
  }

  func resize() {
    var rows: UInt16 = 0
    var columns: UInt16 = 0
    for descriptor in [output, input] where cl_window_size(descriptor, &rows, &columns) == 0 {
      _ = cl_set_window_size(master.number, rows, columns)
      return
    }
  }

  private mutating func flush() {
    while !pending.isEmpty {
      let written = cl_write(master.number, pending, pending.count)
      if written == -Int(EIO) { rest = .now + .milliseconds(100) }
      guard written > 0 else { return }
      pending.removeFirst(written)
    }
  }
}
