import Catalogue
import Foundation
import Gateway
import Glibc
import Journal
import SystemPackage

/// The gateway with its ledger and its spool, from start to stop.
struct GatewayService {
  let address: String
  private let server: GatewayServer
  private let ledger: Ledger
  private let epoch: Epoch
  private let announcement: FilePath

  static let grace: Duration = .seconds(30)

  static func start(
    _ plan: GatewayPlan,
    output: StandardOutput
  ) async throws -> GatewayService {
    let setup = plan.setup
    let configuration = plan.configuration
    raiseDescriptors(for: configuration)
    let state = FilePath(setup.state)
    let opened = try Spool.open(directory: state.appending("spool"))
    for damage in opened.damage {
      output.say("\(damage.path) is damaged at byte \(damage.offset) and was put aside")
    }
    let ledger = try Ledger.open(directory: state)
    let recovered = try await Recovery.run(ledger, opened.spool)
    tell(recovered, output)
    let epoch = try ledger.begin()
    let parts = Gateway.Parts(
      configuration: configuration,
      catalogue: plan.catalogue,
      ledger: ledger,
      epoch: epoch,
      spool: opened.spool,
      keys: setup.keys,
      log: setup.logs ? { output.log($0) } : nil,
      complain: { output.say($0) },
      today: { Today.date() }
    )
    let listen = configuration.listen
    do {
      let server = try await GatewayServer.start(parts, listen: listen)
      let port = server.port
      let announcement = FilePath(setup.announcement)
      do {
        try Announcement(
          host: listen.host,
          port: UInt16(clamping: port),
          isKept: setup.isKept
        ).write(to: announcement)
      } catch {
        throw StartError("cannot write \(announcement): \(error.localizedDescription)")
      }
      return GatewayService(
        address: "http://\(listen.host):\(port)",
        server: server,
        ledger: ledger,
        epoch: epoch,
        announcement: announcement
      )
    } catch {
      try? ledger.end(epoch)
      ledger.close()
      throw StartError(
        "cannot listen on \(listen.host):\(listen.port): \(error); see which program has it with "
          + "'ss -ltnp', or name another port under listen"
      )
    }
  }

  func stop() async {
    Announcement.remove(announcement)
    await server.stop(grace: Self.grace)
    try? ledger.end(epoch)
    ledger.close()
  }

  private static func tell(_ recovered: Recovery.Outcome, _ output: StandardOutput) {
    if recovered.settled > 0 {
      output.say("\(recovered.settled) calls of a gateway that died were settled from its spool")
    }
    if !recovered.unknown.isEmpty {
      output.say(
        "\(recovered.unknown.count) calls of a gateway that died may have been billed and are "
          + "charged at their ceilings; they are listed by: caisson bill"
      )
    }
  }

  /// Two for each request, and what is kept open besides.
  private static func raiseDescriptors(for configuration: GatewayConfiguration) {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = min(limit.rlim_max, 65_536)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}

/// The day that it is, in UTC; worked out once a minute at most.
enum Today {
  private nonisolated(unsafe) static var known = (minute: 0, date: CalendarDate.never)

  /// Called on the gateway's event loop, and before it begins.
  static func date() -> CalendarDate {
    let minute = time(nil) / 60
    if minute == known.minute { return known.date }
    var now = time(nil)
    var parts = tm()
    gmtime_r(&now, &parts)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let text = "\(1900 + Int(parts.tm_year))-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
    known = (minute, CalendarDate(text) ?? .never)
    return known.date
  }
}
