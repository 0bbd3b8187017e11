internal import CLinux
internal import Glibc

/// Carries bytes between the user's terminal and the run's own pseudo-terminal. The run never holds
/// a descriptor of the user's terminal, so it can neither type into it nor read from it.
///
/// The terminal is the user's first: it is read and put into raw mode only while this process group
/// has the foreground. Where standard output goes elsewhere, as in `caisson run … | less`, it is
/// shared: its settings stay, and what another program asked for key by key is left to that program.
struct TerminalRelay: ~Copyable {
  let master: Descriptor
  private let input: Int32
  private let output: Int32
  private let readsInput: Bool
  private let sharesInput: Bool
  private var isRaw = false
  private var pending: [UInt8] = []
  private var inputEnded = false

  init(master: consuming Descriptor, terminals: [Int32]) {
    self.master = master
    input = 0
    output = [1, 2, 0].first(where: terminals.contains) ?? 1
    readsInput = terminals.contains(0)
    sharesInput = readsInput && !terminals.contains(1)
    _ = cl_set_nonblocking(self.master.number, 1)
    // The user's terminal shows the lines that are typed already.
    if sharesInput { _ = cl_terminal_mute(self.master.number) }
    resize()
  }

  deinit {
    if isRaw, cl_terminal_is_foreground(input) == 1 { _ = cl_terminal_restore(input) }
  }

  /// How long to wait at most, in milliseconds: nobody tells when the terminal becomes ours to read.
  var patience: Int32 { readsInput && !inputEnded && !isReadable ? 250 : -1 }

  /// What to wait for: the master, and the user's keys while there is room for them.
  var wanted: [(descriptor: Int32, events: Int32)] {
    var list = [(master.number, Int32(CL_POLLIN) | (pending.isEmpty ? 0 : Int32(CL_POLLOUT)))]
    if !inputEnded, pending.isEmpty, isReadable { list.append((input, Int32(CL_POLLIN))) }
    return list
  }

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

  mutating func handle(_ descriptor: Int32) {
    if descriptor == input, readsInput, descriptor != master.number {
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
    } else {
      flush()
      _ = copyOutput()
    }
  }

  /// Ctrl-D, which a line discipline takes for the end of the input.
  private static let endOfFile: UInt8 = 4

  /// Copies what the run wrote. False at the end.
  private func copyOutput() -> Bool {
    var bytes = [UInt8](repeating: 0, count: 65536)
    let count = cl_read(master.number, &bytes, bytes.count)
    guard count > 0 else { return false }
    var done = 0
    while done < count {
      let written = bytes.withUnsafeBytes {
        cl_write(output, $0.baseAddress.map { $0 + done }, count - done)
      }
      if written == -Int(EAGAIN) {
        // Another program has made the terminal non-blocking for all who hold it.
        var room = [cl_poll(descriptor: output, wanted: Int16(CL_POLLOUT), seen: 0)]
        _ = cl_poll(&room, 1, -1, 1)
        continue
      }
      guard written > 0 else { return false }
      done += written
    }
    return true
  }

  /// Copies the rest after the command has ended.
  func drain() { while copyOutput() {} }

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
      guard written > 0 else { return }
      pending.removeFirst(written)
    }
  }
}
