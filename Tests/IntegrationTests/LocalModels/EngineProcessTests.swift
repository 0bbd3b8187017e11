import Foundation
import SystemPackage
import Testing

/// The processes that models of this machine run in: what they may, and what becomes of them.
@Suite(
  .serialized,
  .enabled(
    if: LocalPlace.hasModel && LocalPlace.hasClients,
    Comment(rawValue: LocalPlace.whyClients)
  )
)
struct EngineProcessTests {
  private let answer = "The capital of France is Paris."

  @Test func `a keeper that is killed is replaced, again and again, and none is left behind`()
    async throws
  {
    let result = try await LocalGateway.run(
      """
      answers = [chat().choices[0].message.content]; zombies = []
      until(lambda: len(of("keep", "spare")) == 2)
      for turn in range(3):
        os.kill(leaders()[0], signal.SIGKILL)
        answers.append(chat().choices[0].message.content)
        until(lambda: len(of("keep", "spare")) == 2)
        zombies += [p for p, (kind, state, _) in processes().items() if state == "Z"]
      result["answers"] = answers; result["zombies"] = zombies
      result["keepers"] = len(of("keep", "spare")); result["engines"] = len(engines())
      before = [ticks(p) for p in [gateway.pid] + of("keep", "spare")]; time.sleep(1)
      result["idle"] = sum(ticks(p) for p in [gateway.pid] + of("keep", "spare")) - sum(before)
      """
    )
    #expect(result["answers"] as? [String] == Array(repeating: answer, count: 4), "\(result)")
    #expect(result["zombies"] as? [Int] == [])
    #expect(result["keepers"] as? Int == 2 && result["engines"] as? Int == 1, "\(result)")
    #expect(result["idle"] as? Int ?? 9 <= 2, "who waits uses no CPU")
    let said = try #require(result["said"] as? String)
    #expect(said.components(separatedBy: "its spare takes its place").count == 4, "\(said)")
    #expect(result["end"] as? Int == 0)
    #expect(result["sockets"] as? [String] == [])
  }

  @Test func `a spare that is killed is replaced, too`() async throws {
    let result = try await LocalGateway.run(
      """
      until(lambda: len(of("spare")) == 1)
      first = of("spare")[0]; os.kill(first, signal.SIGKILL)
      result["replaced"] = until(lambda: of("spare") not in ([], [first]))
      os.kill(of("keep")[0], signal.SIGKILL)
      result["answer"] = chat().choices[0].message.content
      """
    )
    #expect(result["replaced"] as? Bool == true)
    #expect(result["answer"] as? String == answer)
    #expect(result["sockets"] as? [String] == [])
  }

  @Test func `keepers that are killed all the time are given up, which is said`() async throws {
    let result = try await LocalGateway.run(
      """
      kills = 0; home = os.environ["CAISSON_HOME"] + "/runtime"
      while kills < 20 and until(lambda: leaders() and len(of("keep", "spare")) == 2, 5):
        first = leaders(); os.kill(first[0], signal.SIGKILL); kills += 1
        until(lambda: leaders() != first, 5)
      result["kills"] = kills
      result["gone"] = until(lambda: not [n for n in os.listdir(home) if n.endswith(".sock")])
      try: chat(); result["refusal"] = "none"
      except openai.APIStatusError as e: result["refusal"] = str(e.status_code)
      result["models"] = [m.id for m in o.models.list().data]
      """
    )
    #expect(result["kills"] as? Int == 6, "\(result)")
    #expect(result["gone"] as? Bool == true)
    #expect((result["refusal"] as? String)?.hasPrefix("5") == true, "\(result)")
    #expect((result["models"] as? [String])?.isEmpty == false, "the gateway serves on")
    let said = try #require(result["said"] as? String)
    #expect(said.contains("ended more than 5 times within a minute"), "\(said)")
    #expect(said.contains("refused until the gateway is started again"), "\(said)")
    #expect(result["end"] as? Int == 0)
  }

  @Test func `where keeper and spare are killed together, the gateway says so`() async throws {
    let result = try await LocalGateway.run(
      """
      until(lambda: len(of("keep", "spare")) == 2)
      both = of("keep", "spare")
      for p in both: os.kill(p, signal.SIGSTOP)
      for p in both: os.kill(p, signal.SIGKILL)
      home = os.environ["CAISSON_HOME"] + "/runtime"
      result["gone"] = until(lambda: not [n for n in os.listdir(home) if n.endswith(".sock")])
      result["left"] = len(processes())
      """
    )
    #expect(result["gone"] as? Bool == true)
    #expect(result["left"] as? Int == 0)
    #expect((result["said"] as? String)?.contains("nothing keeps the models") == true, "\(result)")
  }

  @Test func `an engine is kept by a filter, in each of its threads, and does its work`()
    async throws
  {
    let result = try await LocalGateway.run(
      """
      result["answers"] = [chat(model=name, temperature=0).choices[0].message.content for name in ["local", "local/b"]]
      pid = engines()[0]
      facts = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status").read().splitlines())
      result["facts"] = [facts[name].strip() for name in ["Seccomp", "NoNewPrivs", "CapEff", "CapBnd"]]
      result["threads"] = len({open(f"/proc/{pid}/task/{t}/status").read().split("Seccomp:")[1].split()[0]
        for t in os.listdir(f"/proc/{pid}/task")})
      result["schema"] = json.loads(chat(response_format={"type": "json_schema",
        "json_schema": {"name": "place", "schema": schema}}, max_tokens=60).choices[0].message.content)
      """,
      importing: ["b": LocalPlace.model.string]
    )
    #expect(result["answers"] as? [String] == [answer, answer], "\(result)")
    let facts = try #require(result["facts"] as? [String])
    #expect(facts[..<2] == ["2", "1"], "\(facts)")
    #expect(facts[2] == "0000000000000000", "\(facts)")
    #expect(result["threads"] as? Int == 1, "each thread is kept alike")
    #expect((result["schema"] as? [String: Any])?.keys.sorted() == ["city"])
  }

  #if arch(x86_64)
    /// Has a process that is stopped make a call of the system's, in the place of the one that it waits in.
    private static let hostage = """
      import ctypes
      libc = ctypes.CDLL(None, use_errno=True)
      libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
      libc.ptrace.restype = ctypes.c_long
      # user_regs_struct: r10, r9, r8 are 7 to 9, rax 10, rdx, rsi, rdi 12 to 14, orig_rax 15, rip 16.
      Registers = ctypes.c_ulong * 27
      def trace(request, pid, data=None):
        if libc.ptrace(request, pid, None, data) < 0: raise OSError(ctypes.get_errno(), f"ptrace {request}")
      def take(pid, calls):
        trace(16, pid); os.waitpid(pid, 0x40000000)
        before = Registers(); trace(12, pid, ctypes.addressof(before)); said = []
        for number, *arguments in calls:
          now = Registers(*before); now[10] = number; now[15] = 2**64 - 1; now[16] = before[16] - 2
          for place, value in zip([14, 13, 12, 7, 8, 9], arguments): now[place] = value % 2**64
          trace(13, pid, ctypes.addressof(now)); trace(9, pid); os.waitpid(pid, 0x40000000)
          after = Registers(); trace(12, pid, ctypes.addressof(after)); said.append(ctypes.c_long(after[10]).value)
        trace(13, pid, ctypes.addressof(before)); trace(17, pid)
        return said

      """

    @Test(.enabled(if: geteuid() == 0, "only root may take an engine over"))
    func `who has taken an engine over opens no socket, starts nothing and reaches nobody`()
      async throws
    {
      let result = try await LocalGateway.run(
        Self.hostage
          + """
          chat()
          pid = engines()[0]
          calls = {"TCP": (41, 2, 1, 0), "UDP": (41, 2, 2, 0), "IPv6": (41, 10, 2, 0), "Unix": (41, 1, 1, 0),
            "netlink": (41, 16, 3, 0), "vsock": (41, 40, 1, 0), "raw": (41, 17, 3, 0), "pair": (53, 1, 1, 0),
            "connect": (42, 4, 0, 0), "bind": (49, 4, 0, 0),
            "execve": (59, 0, 0, 0), "execveat": (322, 0, 0, 0), "fork": (57,), "vfork": (58,),
            "clone": (56, 17, 0, 0, 0, 0), "unshare": (272, 0x10000000), "setns": (308, 0, 0),
            "signal the gateway": (62, gateway.pid, 9), "signal the group": (62, 0, 9), "signal all": (62, -1, 9),
            "signal a thread": (234, gateway.pid, gateway.pid, 9), "pidfd": (434, gateway.pid, 0),
            "ptrace": (101, 16, gateway.pid, 0, 0), "read memory": (310, gateway.pid, 0, 0, 0, 0, 0),
            "limits of the gateway": (302, gateway.pid, 7, 0, 0), "mount": (165, 0, 0, 0, 0, 0),
            "bpf": (321, 0, 0, 0), "keyctl": (250, 0), "userfaultfd": (323, 0), "io_uring": (425, 1, 0),
            "perf": (298, 0, 0, -1, -1, 0), "shared memory": (29, 0, 4096, 0o1600), "chmod": (90, 0, 0),
            "another kind of call": (41 | 0x40000000, 2, 1, 0)}
          result["refused"] = dict(zip(calls, take(pid, calls.values())))
          result["own"] = take(pid, [(39,), (62, pid, 0), (302, 0, 7, 0, 0), (435, 0, 0), (470,)])
          result["same"] = result["own"][0] == pid
          result["answer"] = chat().choices[0].message.content
          result["engine"] = engines() == [pid]
          """
      )
      let refused = try #require(result["refused"] as? [String: Int], "\(result)")
      #expect(refused.filter { $0.value != -Int(EPERM) } == [:])
      #expect(refused.count == 34)
      #expect((result["own"] as? [Int])?.dropFirst() == [0, 0, -Int(ENOSYS), -Int(ENOSYS)])
      #expect(result["same"] as? Bool == true)
      #expect(result["answer"] as? String == answer, "and it does its work")
      #expect(result["engine"] as? Bool == true, "it is the same one")
    }
  #endif
}
