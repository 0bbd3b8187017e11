import Foundation
import SystemPackage
import Testing

/// What a run prints into the caller's files: it arrives whole and in order, and the run never holds
/// the file.
@Suite(.timeLimit(.minutes(4))) struct OutputTests {
  /// Runs a script of the caller's, in which `sealed` starts a run, in the workspace. Its files lie
  /// in the directory above.
  private func caller(_ place: RunTests.Place, _ script: String) async throws -> Command.Result {
    var shell = Command.named("bash", "-c", directory: place.workspace)
    shell.arguments.append(
      "sealed() { \(Command.binary("caisson")) run --quiet \"$@\"; }\n" + script
    )
    shell.environment["CAISSON_HOME"] = place.home.string
    return try await shell.run()
  }

  @Test func `a log keeps what it held before, its mode and the order of what is added`()
    async throws
  {
    try await RunTests.withPlace { place in
      let result = try await caller(
        place,
        """
        echo earlier > ../log; chmod 640 ../log
        sealed -- sh -c 'echo one; echo two >&2; echo three > /dev/stdout
          : > /dev/stdout; chmod 777 /proc/self/fd/1; truncate -s 0 /proc/self/fd/1
          readlink /proc/self/fd/1 | grep -c pipe; echo last' >> ../log 2>&1
        grep -v -e truncate -e chmod ../log; stat -c %a ../log
        """
      )
      #expect(result.output == "earlier\none\ntwo\nthree\n1\nlast\n640\n", "\(result.error)")
    }
  }

  @Test func `each file gets its own, and a descriptor that is not for writing stays so`()
    async throws
  {
    try await RunTests.withPlace { place in
      let result = try await caller(
        place,
        """
        sealed -- sh -c 'echo out; echo err >&2' > ../out 2> ../err; paste ../out ../err
        sealed -- sh -c 'echo lost 2>&- || exit 3' 1< ../out; echo $?; cat ../out
        sealed -- sh -c 'cat; echo x >&0' 0<> ../err 2>&-; cat ../err
        """
      )
      #expect(result.output == "out\terr\n3\nout\nerr\nerr\n", "\(result.error)")
    }
  }

  @Test func `nothing of a large output is missing, nor of the end`() async throws {
    try await RunTests.withPlace { place in
      let result = try await caller(
        place,
        """
        sealed -- sh -c 'seq 1 3000000; printf end' > ../out; seq 1 3000000 > ../wanted
        printf end >> ../wanted; cmp ../out ../wanted && echo same
        """
      )
      #expect(result.output == "same\n", "\(result.error)")
    }
  }

  @Test func `a process that is left behind printing neither hangs the end nor outlives it`()
    async throws
  {
    try await RunTests.withPlace { place in
      let result = try await caller(
        place,
        "sealed -- sh -c 'setsid yes & echo first; exit 4' > ../out; echo $?; grep -c first ../out"
      )
      #expect(result.output == "4\n1\n", "\(result.error)")
    }
  }

  @Test func `a limit ends a run that prints without end, and what it printed is there`()
    async throws
  {
    try await RunTests.withPlace { place in
      try place.write("policy.yaml", "version: 1\nlimits: { wall: 1s }\n")
      let result = try await caller(
        place,
        """
        sealed --policy policy.yaml -- sh -c 'echo first; while :; do echo y; done' > ../out
        echo $?; head -n 1 ../out
        """
      )
      #expect(result.output == "143\nfirst\n", "\(result.error)")
    }
  }

  @Test func `a file that can take no more is said once, and is never a success`() async throws {
    try await RunTests.withPlace { place in
      let result = try await caller(
        place,
        """
        sealed -- true
        ulimit -f 4096
        sealed -- head -c 10M /dev/zero > ../out; echo $?
        sealed -- sh -c 'head -c 10M /dev/zero 2>&-; exit 0' > ../out; echo $?; stat -c %s ../out
        """
      )
      #expect(result.output == "141\n125\n4194304\n", "\(result.error)")
      let said = result.error.components(separatedBy: "standard output could not be written")
      #expect(said.count == 3, "\(result.error)")
    }
  }
}
