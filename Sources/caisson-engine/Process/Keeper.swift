import CLinux
import Glibc

/// Keeps an engine behind a socket: starts one when somebody connects, and another after one that died.
///
/// It holds the socket itself, so that whoever connects while there is no engine waits in the kernel
/// instead of being refused, and so that until somebody asks nothing is loaded and nothing runs. One
/// thread, which sleeps in `poll`. Standard input is its lifeline: where that ends, it ends, and the
/// engine with it.
///
/// Beside it sleeps a spare, which holds the socket, too, and takes its place where it dies: whoever
/// started it cannot, who has given up what an engine needs.
struct Keeper {
  let program: String
  /// Where the socket lies, which goes with it.
  let socket: String
  /// Deaths of keepers and spares, in milliseconds.
  var deaths: DeathRow

  /// Readable once a keeper and its engine are both gone: what a spare is given.
  static let watched: CInt = 5
  /// Between the deaths of two engines that did not live long.
  private static let longestRest = 10_000
  /// What an engine has for its last answers.
  private static let grace = 15_000

  /// In its place beside a keeper, until that is needed.
  mutating func standBy() throws -> Never {
    // The lifeline first: where all end at once, nothing is to be taken over.
    if Self.wait(for: [0, Self.watched], atMost: -1) == 0 { exit(0) }
    close(Self.watched)
    guard deaths.add(at: cl_monotonic_milliseconds()) else {
      say(
        "the keeper of local models was ended more than \(deaths.most) times within a minute, and is "
          + "given up: find out what ends it, and start the gateway again"
      )
      end(nil)
    }
    say("the keeper of local models was ended; its spare takes its place")
    try run()
  }

  mutating func run() throws -> Never {
    var life: [CInt] = [-1, -1]
    let made = cl_pipe(&life)
    guard made == 0 else { throw StartError("pipe: \(String(cString: strerror(-made)))") }
    var spare = startSpare(life[0])
    var engine: Companion?
    var started: UInt64 = 0
    // After an engine that did not live long, nobody is listened to for a while.
    var rest = 0
    var rests = false
    while true {
      let next = engine?.ended ?? (rests ? -1 : EngineSetup.listener)
      let watched = [0, next, spare?.ended ?? -1]
      switch Self.wait(for: watched, atMost: rests ? CInt(rest) : -1) {
      case 0:
        engine?.end(within: Self.grace)
        end(spare)
      case 1:
        var failure: String?
        if let ended = engine {
          failure = "the engine ended with \(ended.reap()); another one is started when it is asked"
          engine = nil
        } else {
          started = cl_monotonic_milliseconds()
          do throws(StartError) {
            engine = try Companion(program, ["serve"], Self.shown + [life[1]])
          } catch { failure = "\(error); it is tried again" }
        }
        guard let failure else { continue }
        say(failure)
        let lived = cl_monotonic_milliseconds() - started
        rest = lived > 5_000 ? 0 : min(max(rest * 2, 50), Self.longestRest)
        // The first death of a row costs no wait.
        rests = rest > 50
      case 2:
        let how = spare?.reap() ?? ""
        spare = nil
        if deaths.add(at: cl_monotonic_milliseconds()) {
          spare = startSpare(life[0])
        } else {
          say(
            "the spare keeper of local models ended with \(how), too often: there is none any more"
          )
        }
      default: rests = false
      }
    }
  }

  /// What each process is shown from descriptor 3 on.
  private static let shown = [EngineSetup.descriptor, EngineSetup.listener]

  /// Nil where there can be none: then it is gone without.
  private func startSpare(_ life: CInt) -> Companion? {
    do throws(StartError) {
      let words = ["spare", socket, deaths.text]
      return try Companion(program, words, Self.shown + [life], lifeline: 0)
    } catch {
      say("\(error); local models have no spare keeper")
      return nil
    }
  }

  /// The spare has the same lifeline, and is waited for, so that nothing is left when this has gone.
  private func end(_ spare: Companion?) -> Never {
    _ = unlink(socket)
    spare?.end(within: Self.grace)
    _ = spare?.reap()
    exit(0)
  }

  /// The place in the list of the first descriptor that has something; nil where time is over.
  fileprivate static func wait(for descriptors: [CInt], atMost milliseconds: CInt) -> Int? {
    while true {
      var polled = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      let count = poll(&polled, nfds_t(polled.count), milliseconds)
      if count < 0, errno == EINTR { continue }
      return polled.firstIndex { $0.revents != 0 }
    }
  }

  /// A process that this one starts: an engine, or the spare.
  private struct Companion {
    let pid: CInt
    /// Readable once it has ended.
    let ended: CInt
    /// Closed, it tells the process to end; -1 where another holds it.
    private let lifeline: CInt

    /// - Parameters:
    ///   - shown: what it has from descriptor 3 on.
    ///   - lifeline: its standard input; nil for one of its own.
    init(_ program: String, _ arguments: [String], _ shown: [CInt], lifeline: CInt? = nil)
      throws(StartError)
    {
      var ends: [CInt] = [-1, -1]
      if lifeline == nil {
        let made = cl_pipe(&ends)
        guard made == 0 else { throw StartError("pipe: \(String(cString: strerror(-made)))") }
      }
      defer { if ends[0] >= 0 { close(ends[0]) } }
      var words = ([program] + arguments).map { strdup($0) } + [nil]
      var names: [UnsafeMutablePointer<CChar>?] = [nil]
      defer { for word in words { free(word) } }
      let all = [lifeline ?? ends[0], 1, 2] + shown
      let child = cl_spawn(program, &words, &names, all, CInt(all.count))
      guard child > 0 else {
        if ends[1] >= 0 { close(ends[1]) }
        throw StartError("cannot start \(program): \(String(cString: strerror(-child)))")
      }
      (pid, self.lifeline) = (child, ends[1])
      ended = cl_pidfd_open(child)
      guard ended >= 0 else { throw StartError("pidfd: \(String(cString: strerror(-ended)))") }
    }

    /// How it ended, in words.
    func reap() -> String {
      if lifeline >= 0 { close(lifeline) }
      close(ended)
      var status = cl_exit_status()
      while cl_wait(pid, 1, &status) == -EINTR {}
      return status.signal > 0 ? "signal \(status.signal)" : "status \(status.code)"
    }

    func end(within milliseconds: Int) {
      if lifeline >= 0 { close(lifeline) }
      if Keeper.wait(for: [ended], atMost: CInt(milliseconds)) == nil { _ = cl_kill(pid, SIGKILL) }
    }
  }
}

/// When keepers died lately, as one tells the next.
struct DeathRow {
  let most = 5
  private static let minute: UInt64 = 60_000
  private var moments: [UInt64] = []

  init(_ text: String = "") {
    moments = text.split(separator: ",").compactMap { UInt64($0) }
  }

  var text: String { moments.map { "\($0)" }.joined(separator: ",") }

  /// False where there were too many within a minute.
  mutating func add(at moment: UInt64) -> Bool {
    moments.removeAll { $0 + Self.minute <= moment }
    moments.append(moment)
    return moments.count <= most
  }
}
