internal import CLinux

/// Carries bytes between the user's terminal and the run's own pseudo-terminal. The run never holds
/// a descriptor of the user's terminal, so it can neither type into it nor read from it.
struct TerminalRelay: ~Copyable {
  let master: Descriptor
  private let input: Int32
  private let output: Int32
  private let readsInput: Bool
  private var pending: [UInt8] = []
  private var inputEnded = false

  init(master: consuming Descriptor, terminals: Set<Int32>) {
    self.master = master
    input = 0
    output = [1, 2, 0].first(where: terminals.contains) ?? 1
    readsInput = terminals.contains(0)
    _ = cl_set_nonblocking(self.master.number, 1)
    if readsInput { _ = cl_terminal_raw(input) }
    resize()
  }

  deinit {
    if readsInput { _ = cl_terminal_restore(input) }
  }

  /// What to wait for: the master, and the user's keys while there is room for them.
  var wanted: [(descriptor: Int32, events: Int32)] {
    var list = [(master.number, Int32(CL_POLLIN) | (pending.isEmpty ? 0 : Int32(CL_POLLOUT)))]
    if readsInput, !inputEnded, pending.isEmpty { list.append((input, Int32(CL_POLLIN))) }
    return list
  }

  mutating func handle(_ descriptor: Int32) {
    if descriptor == input, readsInput, descriptor != master.number {
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = cl_read(input, &bytes, bytes.count)
      if count <= 0 { inputEnded = true } else { pending += bytes[..<count] }
      flush()
    } else {
      flush()
      _ = copyOutput()
    }
  }

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
