import CLinux
import Glibc
import Testing

@testable import Egress

/// Whose a socket is, with this process for one of a run.
@Suite struct ProgramFinderTests {
  private final class Socket {
    let descriptor = socket(
      AF_INET,
      Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue),
      0
    )
    deinit { close(descriptor) }

    var inode: UInt32 { UInt32(Self.status(descriptor).inode) }

    static func status(_ descriptor: Int32) -> cl_status {
      var status = cl_status()
      _ = cl_stat(descriptor, "", CInt(CL_AT_EMPTY_PATH), &status)
      return status
    }
  }

  private func finder(_ first: Int32, limit: Duration = .seconds(5)) -> ProgramFinder {
    ProgramFinder(first: first, limit: limit) { file in
      let status = Socket.status(file)
      return ProgramFile.Identity(
        device: status.device,
        inode: status.inode,
        size: status.size,
        changedSeconds: status.change_seconds,
        changedNanoseconds: status.change_nanoseconds
      )
    }
  }

  @Test func `finds the process that holds a socket, and the file that it runs`() throws {
    let socket = Socket()
    var finder = finder(getppid())
    var digests = ProgramDigests()
    for _ in 0..<2 {
      guard case .found(let found) = finder.holder(of: socket.inode) else {
        Issue.record("not found")
        return
      }
      #expect(found.outsidePID == getpid())
      let file = try #require(found.file)
      let digest = digests.digest(file)
      #expect(digest?.utf8.count == 64 && digest == file.digest())
    }
    withExtendedLifetime(socket) {}
  }

  @Test func `a socket that is gone, or none of the run's, is nobody's`() {
    let inode = Socket().inode
    var all = finder(getppid())
    let allOutcome = all.holder(of: inode)
    #expect(allOutcome.word == "none")
    let other = Socket()
    var children = finder(getpid())
    let childrenOutcome = children.holder(of: other.inode)
    #expect(childrenOutcome.word == "none")
    withExtendedLifetime(other) {}
  }

  @Test func `a search ends when its time is over`() {
    let socket = Socket()
    var finder = finder(getppid(), limit: .zero)
    let outcome = finder.holder(of: socket.inode)
    #expect(outcome.word == "unfinished")
    withExtendedLifetime(socket) {}
  }
}

extension ProgramFinder.Outcome {
  fileprivate var word: String {
    switch self {
    case .found: "found"
    case .none: "none"
    case .unfinished: "unfinished"
    }
  }
}
