import Policy
import Testing

/// Descriptions of other agents.
struct AgentDefinitionTests {
  private static let fillings = AgentDefinition.Fillings(
    task: "Mend 'it'; $MODEL && rm -rf /",
    model: "cheap",
    workspace: "/work"
  )

  private func parse(_ text: String) throws -> AgentDefinition {
    try AgentDefinition.parse(text, file: "x.yaml", name: "x")
  }

  @Test(arguments: ShippedAgents.names)
  func `what is shipped can be read`(name: String) throws {
    let text = try #require(ShippedAgents.text(name))
    let agent = try AgentDefinition.parse(text, file: name, name: name)
    #expect(agent.words(Self.fillings).contains { $0.hasSuffix("cheap") })
    #expect(agent.programs.last == "python3")
    #expect(agent.command.contains { $0.contains(agent.programs[0]) })
  }

  @Test func `a variable is filled in as a word, and a task stays one word`() throws {
    let agent = try parse(
      """
      version: 1
      name: x
      command: [x, $TASK, $MODEL, $WORKSPACE, a$b]
      model: openai/$MODEL
      """
    )
    #expect(
      agent.words(Self.fillings)
        == ["x", "Mend 'it'; $MODEL && rm -rf /", "openai/cheap", "/work", "a$b"]
    )
  }

  @Test func `its policy is what was granted, what it needs to start, and the one model`() throws {
    let agent = try parse(
      """
      version: 1
      name: x
      command: [x, $TASK]
      environment: { HOME: /tmp, MODEL: $MODEL, LANG: C }
      policy: { read: [/opt/x], programs: [x] }
      """
    )
    let granted = try PolicyDocument.parse(
      "version: 1\nenvironment: { set: { LANG: de } }\nmodels: { allow: [a, b], budget: 1.00 USD }\n",
      file: "p"
    )
    let policy = agent.policy(within: granted, Self.fillings)
    #expect(policy.filesystem.read == [PathRule("$SYSTEM"), PathRule("/opt/x")])
    #expect(policy.filesystem.programs == ["x"])
    #expect(policy.environment.set == ["HOME": "/tmp", "LANG": "de", "MODEL": "cheap"])
    #expect(policy.models?.allow == ["cheap"])
    #expect(policy.models?.budget == granted.models?.budget)
    #expect(policy.network.isEmpty)
  }

  @Test func `everything that is wrong is said at once, each in its place`() throws {
    let text = """
      version: 1
      name: y
      command: [x, "--message=$TASK", $TASKS]
      task: arg
      model: openai
      end: { status: [256], summary: all }
      environment: { A: $TASK }
      restart: never
      shell: true
      """
    let error = #expect(throws: PolicyError.self) { try parse(text) }
    #expect(
      error?.problems.map { "\($0.line):\($0.column) \($0.key)" } == [
        "2:7 name", "3:14 command[1]", "3:33 command[2]", "4:7 task", "5:8 model",
        "6:17 end.status[0]", "6:32 end.summary", "7:14 environment.A", "8:10 restart", "9:1 shell",
      ]
    )
  }

  @Test(arguments: [
    ("command: [x]", "no word is $TASK"),
    ("command: [x]\ntask: file", "no word is $TASK_FILE"),
    ("command: [x, $TASK]\ntask: stdin", "the task is told by stdin"),
    ("command: []", "the command is empty"),
    ("task: stdin", "the key is missing"),
  ])
  func `an agent that would not learn its task is refused`(body: String, what: String) throws {
    let error = #expect(throws: PolicyError.self) {
      try parse("version: 1\nname: x\n\(body)\n")
    }
    #expect(error?.description.contains(what) == true, "\(error?.description ?? "")")
  }

  @Test func `one that speaks ACP is described without a word of its task`() throws {
    let agent = try parse(
      """
      version: 1
      name: x
      protocol: acp
      command: [x, --acp, $MODEL]
      """
    )
    #expect(agent.manner == .acp)
    #expect(agent.permissions == .ask)
    #expect(agent.words(Self.fillings) == ["x", "--acp", "cheap"])
    let open = try parse(
      "version: 1\nname: x\nprotocol: acp\npermissions: allow\ncommand: [x]\n"
    )
    #expect(open.permissions == .allow)
  }

  @Test(
    arguments: [
      ("protocol: acp\ncommand: [x, $TASK]", "the task is told by the protocol"),
      ("protocol: acp\ntask: stdin\ncommand: [x]", "x.yaml:4:7: task: an agent that speaks ACP"),
      (
        "protocol: acp\nend: { status: [0] }\ncommand: [x]",
        "x.yaml:4:6: end: an agent that speaks ACP"
      ),
      ("permissions: allow\ncommand: [x, $TASK]", "an agent that speaks no protocol asks nobody"),
      ("protocol: lsp\ncommand: [x]", "use one of command, acp"),
      ("protocol: acp\npermissions: always\ncommand: [x]", "use one of ask, allow"),
    ]
  )
  func `what does not go with a protocol is refused with its place`(
    rest: String,
    reason: String
  ) throws {
    let error = #expect(throws: PolicyError.self) { try parse("version: 1\nname: x\n\(rest)\n") }
    #expect(error.map { "\($0)" }?.contains(reason) == true, "\(String(describing: error))")
  }
}
