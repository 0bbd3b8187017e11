internal import CLinux
internal import Glibc

extension RunSupervisor {
  /// Waits until the user's terminal has taken the rest of what the run wrote; the run is over and on
  /// record. False where the terminal took nothing and the wait was given up: by a signal, by the wall
  /// limit, or at once where the run was ended early.
  static func show(
    _ relay: inout TerminalRelay?,
    signals: Int32,
    wall: Int32,
    isHurried: Bool
  ) -> Bool {
    relay?.drain()
    guard relay?.awaited != nil else { return true }
    relay?.releaseKeys()
    while let screen = relay?.awaited {
      var entries = [
        cl_poll(descriptor: screen, wanted: Int16(CL_POLLOUT), seen: 0),
        cl_poll(descriptor: signals, wanted: Int16(CL_POLLIN), seen: 0),
        cl_poll(descriptor: wall, wanted: Int16(CL_POLLIN), seen: 0),
      ]
      let ready = cl_poll(&entries, Int32(entries.count), isHurried ? 500 : -1, 1)
      guard ready > 0, entries[2].seen == 0, !isTold(toStopBy: signals) else { return false }
      relay?.drain()
    }
    return true
  }

  private static func isTold(toStopBy signals: Int32) -> Bool {
    while true {
      let signal = cl_next_signal(signals)
      guard signal > 0 else { return false }
      if ![SIGCHLD, SIGWINCH, SIGCONT].contains(signal) { return true }
    }
  }
}
