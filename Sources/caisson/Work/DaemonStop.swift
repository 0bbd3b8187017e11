import CLinux
import Glibc
import SystemPackage
import WorkWire

/// Ends the daemon that is up, and waits until it is gone.
struct DaemonStop {
  let home: Home

  /// Steps under way have half a minute.
  private static let patience: Duration = .seconds(45)

  func run() throws {
    let health: HealthView = try DaemonClient(home: home).get("/v1/health")
    // It holds its lock to its end.
    let lock = open(home.state.appending("daemon.lock").string, O_RDWR | O_CLOEXEC)
    defer { if lock >= 0 { close(lock) } }
    guard cl_kill(health.pid, SIGTERM) == 0 else {
      throw DaemonClientError.failed("process \(health.pid) cannot be asked to end")
    }
    let end = ContinuousClock.now + Self.patience
    while ContinuousClock.now < end {
      if lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 {
        print("stopped")
        return
      }
      usleep(50_000)
    }
    throw DaemonClientError.failed("process \(health.pid) has not ended in 45 s")
  }
}
