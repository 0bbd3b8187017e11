import Foundation
import GRDB
import Subprocess
import SystemPackage
import Testing

/// What is left when a run is killed so that nobody can clear up, and that `caisson runs` removes it.
@Suite(.timeLimit(.minutes(4))) struct LeftOverTests {
  private func groups(_ run: String) async throws -> String {
    try await Command.named("find", "/sys/fs/cgroup", "-name", "caisson-\(run)").run().output
  }

  private func names(_ place: RunTests.Place) throws -> Set<String> {
    let runs = place.home.appending("runs").string
    return Set(try FileManager.default.contentsOfDirectory(atPath: runs))
  }

  /// Kills the supervisor and its launcher so that neither sees the other's end.
  private func killBoth(_ supervisor: pid_t) throws {
    kill(supervisor, SIGSTOP)
    let path = "/proc/\(supervisor)/task/\(supervisor)/children"
    for child in try String(contentsOfFile: path, encoding: .utf8).split(separator: " ") {
      kill(try #require(pid_t(child)), SIGKILL)
    }
    kill(supervisor, SIGKILL)
  }

  private func age(_ path: FilePath, seconds: Double) throws {
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -seconds)],
      ofItemAtPath: path.string
    )
  }

  @Test func `a run that is killed before its first row leaves nothing for good`() async throws {
    try await RunTests.withPlace { place in
      // The first run makes the journal, and its directory must stay.
      _ = try await place.sh("echo kept > kept.txt")
      let before = try names(place)
      var configuration = Configuration()
      configuration.allowsUnsafeTransactions = true
      let queue = try DatabaseQueue(
        path: place.home.appending("journal.sqlite").string,
        configuration: configuration
      )
      // The next one gets as far as its first row, and waits.
      try queue.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
      var sealed = Command.caisson(home: place.home, directory: place.workspace)
      sealed.arguments = ["run", "--", "true"]
      let (run, made) = try await sealed.run { pid, _ in
        var found: String?
        while found == nil {
          found = try names(place).subtracting(before).first {
            FileManager.default.fileExists(
              atPath: place.home.appending("runs/\($0)/policy.yaml").string
            )
          }
          usleep(1000)
        }
        let run = try #require(found)
        try age(place.home.appending("runs/\(run)"), seconds: 3600)
        _ = try await Command.caisson("runs", home: place.home).run()
        #expect(try names(place).contains(run), "its supervisor lives")
        let made = try await groups(run)
        try killBoth(pid)
        return (run, made)
      }
      try queue.inDatabase { try $0.execute(sql: "ROLLBACK") }
      try queue.close()
      #expect(try await groups(run) == made)

      let directory = place.home.appending("runs/\(run)")
      try age(directory, seconds: 0)
      _ = try await Command.caisson("runs", home: place.home).run()
      #expect(try names(place).contains(run), "it is young")

      try age(directory, seconds: 3600)
      // What may be a command's work stays, whatever the journal says.
      let work = directory.appending("upper/work").string
      try "".write(toFile: work, atomically: false, encoding: .utf8)
      try age(directory, seconds: 3600)
      _ = try await Command.caisson("runs", home: place.home).run()
      #expect(try names(place).contains(run), "it holds work")

      try FileManager.default.removeItem(atPath: work)
      let listed = try await Command.caisson("runs", home: place.home).run()
      #expect(listed.status == .exited(0))
      #expect(listed.error == "")
      #expect(try names(place) == before)
      #expect(try await groups(run) == "")
      let diff = try await Command.caisson("diff", "last", home: place.home).run()
      #expect(diff.output.contains("kept"))
    }
  }

  @Test func `cgroups of a run whose supervisor and launcher were killed are removed`()
    async throws
  {
    try await RunTests.withPlace { place in
      var sealed = Command.caisson(home: place.home, directory: place.workspace)
      sealed.arguments = ["run", "--quiet", "--", "sh", "-c", "echo up; sleep 60"]
      let made = try await sealed.run { pid, lines in
        for try await line in lines where line.hasPrefix("up") { break }
        let run = try #require(try names(place).first)
        let made = try await groups(run)
        _ = try await Command.caisson("runs", home: place.home).run()
        #expect(try await groups(run) == made, "the run lives")
        try killBoth(pid)
        return made
      }
      let run = try #require(try names(place).first)
      #expect(try await groups(run) == made)
      // The last process of the run may still be on its way out.
      for _ in 0..<200 {
        let listed = try await Command.caisson("runs", home: place.home).run()
        #expect(listed.output.contains("lost"))
        if try await groups(run) == "" { break }
      }
      #expect(try await groups(run) == "")
    }
  }
}
