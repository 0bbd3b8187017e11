import Testing

@testable import Journal

private let events: [Event] = [
  .runStarted(.sample(["sh", "-c", "echo \u{1B}[2J / ü \"q\" \n"])),
  .runResumed(.sample(["true"])),
  .runEnded(
    RunEnded(
      exit: 3,
      seconds: 1.5,
      cpuSeconds: 0.25,
      maxMemoryBytes: 1 << 40,
      changes: ChangeCounts(added: 1, modified: 2, deleted: 3),
      denials: 4
    )
  ),
  .runEnded(RunEnded(signal: 9, limit: "memory", seconds: .infinity)),
  .runAbandoned(RunAbandoned(reason: "gone")),
  .denial(Denial(layer: .file, what: "open", path: "/x", pid: 1, program: "p", rule: "r")),
  .limitHit(LimitHit(limit: "wall", value: "1h", detail: "")),
  .network(
    NetworkEvent(
      kind: "connection",
      verdict: .denied,
      host: "a.example.com",
      port: 443,
      transport: "tcp",
      rule: "r",
      count: 1,
      program: NetworkProgram(path: "/usr/bin/curl", sha256: "00", pid: 3, outsidePID: 4_003)
    )
  ),
  .applyStarted(ApplyStarted(id: "a", paths: ["x", "y"])),
  .applyFinished(
    ApplyFinished(id: "a", added: 1, modified: 0, deleted: 0, held: ["h"], conflicts: ["c"])
  ),
  .applyRolledForward(ApplyRolledForward(id: "a")),
  .undoStarted(UndoStarted(id: "a")),
  .undoFinished(UndoFinished(id: "a", restored: 2)),
  .discarded(Discarded()),
  .mergeStarted(RunsMerged(branch: "caisson/merge-x", tip: "ab", runs: ["x", "y"])),
  .mergeFinished(RunsMerged(branch: "caisson/merge-x", tip: "ab", runs: ["x", "y"])),
]

@Test(arguments: events) func `an event is read as it was written`(event: Event) throws {
  #expect(Event(kind: event.kind, payload: try event.encodedPayload()) == event)
}

@Test func `a row that was written before programs were recorded is read as it was`() throws {
  let payload =
    #"{"count":1,"host":"h","kind":"name","port":53,"rule":"r","transport":"dns","verdict":"denied"}"#
  let event = Event(kind: "network", payload: payload)
  guard case .network(let network) = event else {
    Issue.record("\(event)")
    return
  }
  #expect(network.program == nil && network.unknownProgram == nil)
  #expect(try event.encodedPayload() == payload)
}

@Test func `a payload has its keys in order and takes one line`() throws {
  let event = Event.denial(Denial(layer: .seccomp, what: "io_uring_setup", pid: 2, rule: "r/s"))
  #expect(
    try event.encodedPayload()
      == #"{"count":1,"layer":"seccomp","pid":2,"rule":"r/s","what":"io_uring_setup"}"#
  )
  let shout = Event.runAbandoned(RunAbandoned(reason: "a\nb\u{1B}"))
  #expect(try shout.encodedPayload() == #"{"reason":"a\nb\u001b"}"#)
}

@Test(arguments: [
  #"{"count":1,"detail":"a 1.0 sha256:0","host":"h","kind":"package","port":443,"rule":"r","transport":"https","verdict":"allowed"}"#,
  #"{"count":1,"host":"h","kind":"package","package":{"file":"a-1.0.tgz","name":"a","version":"1.0"},"port":443,"rule":"r","transport":"https","verdict":"allowed"}"#,
])
func `what was downloaded is read as older and newer rows have it`(payload: String) throws {
  let event = Event(kind: "network", payload: payload)
  guard case .network(let row) = event else {
    Issue.record("read as \(event.kind)")
    return
  }
  #expect(row.package?.name ?? row.detail?.prefix(1).description == "a")
  #expect(try event.encodedPayload() == payload)
}

@Test func `what a newer version wrote survives reading and writing`() throws {
  let event = Event(kind: "teleported", payload: #"{"to": "mars"}"#)
  #expect(event == .unknown(kind: "teleported", payload: #"{"to": "mars"}"#))
  #expect(try event.encodedPayload() == #"{"to": "mars"}"#)
}

@Test func `a known kind with a payload of another shape is kept as it is`() {
  let event = Event(kind: "denial", payload: #"{"layer":"astral"}"#)
  #expect(event == .unknown(kind: "denial", payload: #"{"layer":"astral"}"#))
}
