import Dispatch
import Synchronization

/// Answers a ``ProgramWitness``: asks whose a connection is, finds the process, and hashes what it
/// runs, on two threads, so that a large program keeps nobody from being found.
package final class ProgramSearch: Sendable {
  /// The inode of the socket at one end of a connection; nil where there is none any more.
  package typealias Inode =
    @Sendable (_ near: ProgramWitness.Endpoint, _ far: ProgramWitness.Endpoint) -> UInt32?

  private let witness: ProgramWitness
  private let inode: Inode
  private let finder: Mutex<ProgramFinder>
  private let digests = Mutex(ProgramDigests())
  private let searching = DispatchQueue(label: "programs")
  private let hashing = DispatchQueue(label: "hashes")

  /// - Parameters:
  ///   - finder: looks among the processes of the run.
  ///   - inode: is asked on one thread only.
  package init(finder: ProgramFinder, witness: ProgramWitness, inode: @escaping Inode) {
    self.finder = Mutex(finder)
    self.witness = witness
    self.inode = inode
  }

  package func begin() {
    witness.begin { [self] near, far, flow in
      searching.async { [self] in search(near, far, flow) }
    }
  }

  private func search(
    _ near: ProgramWitness.Endpoint,
    _ far: ProgramWitness.Endpoint,
    _ flow: UInt64
  ) {
    // It may have waited for longer than anybody waits for it.
    guard witness.isWaiting(flow) else { return }
    guard let inode = inode(near, far) else { return witness.missed(flow, .gone) }
    let found: ProgramFinder.Found
    switch finder.withLock({ $0.holder(of: inode) }) {
    case .found(let holder): found = holder
    case .none: return witness.missed(flow, .hidden)
    case .unfinished: return witness.missed(flow, .late)
    }
    let program = Observation.Program(
      path: found.path,
      pid: found.pid,
      outsidePID: found.outsidePID
    )
    guard let file = found.file else { return witness.told(program, of: flow) }
    witness.found(program, of: flow)
    hashing.async { [self] in
      var program = program
      program.sha256 = digests.withLock { $0.digest(file) }
      witness.told(program, of: flow)
    }
  }
}
