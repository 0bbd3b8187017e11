internal import CLinux

extension LaunchPlan {
  /// The plan as the launcher reads it: see `CLinuxPlan.h`.
  package func encoded() -> [UInt8] {
    var body = PlanWriter()
    // Files of the system are most of it; growing would copy them again and again.
    body.bytes.reserveCapacity(steps.reduce(64 << 10) { $0 + $1.contentSize })
    for word in [CL_PLAN_MAGIC, CL_PLAN_VERSION, 0] { body.word(UInt32(word)) }
    var flags = 0
    if notifies && !filter.isEmpty { flags |= Int(CL_PLAN_NOTIFY) }
    if !terminals.isEmpty { flags |= Int(CL_PLAN_TERMINAL) }
    for descriptor in terminals { flags |= Int(CL_PLAN_TERMINAL_FIRST) << Int(descriptor) }
    if dropsCapabilities { flags |= Int(CL_PLAN_DROP_CAPABILITIES) }
    if tracesPrograms { flags |= Int(CL_PLAN_TRACE_PROGRAMS) }
    if isDurable { flags |= Int(CL_PLAN_DURABLE) }
    if joinsCgroups { flags |= Int(CL_PLAN_JOIN_CGROUPS) }
    body.word(UInt32(flags))
    body.text(hostname)
    body.text(stage)

    let sources = steps.flatMap(\.sources)
    var maps: [IdentityMap] = []
    for case let map? in sources.map(\.identityMap) where !maps.contains(map) { maps.append(map) }
    body.list(maps) {
      $0.word($1.uid); $0.word($1.gid)
    }
    body.list(sources) { writer, source in
      writer.text(source.path)
      let map = source.identityMap.flatMap(maps.firstIndex(of:))
      writer.word(UInt32(map ?? Int(CL_NO_IDMAP)))
      writer.byte(source.recursive)
      writer.long(source.attributes.rawValue)
    }
    var next: UInt32 = 0
    body.list(steps) { $1.write(to: &$0, nextSource: &next) }
    body.list(settings) { writer, setting in
      writer.text(setting.path)
      writer.text(setting.value)
      writer.byte(setting.required)
    }
    let abi = landlock?.abi ?? 0
    body.byte(UInt8(clamping: abi))
    body.long(abi > 0 ? LandlockAccess.handled(abi: abi).rawValue : 0)
    body.long(0)  // network rights are left to the network namespace
    body.long(abi >= 6 ? 0b11 : 0)  // scopes: abstract sockets and signals
    body.list(landlock?.rules ?? []) { writer, rule in
      writer.text(rule.path)
      writer.long(rule.access.intersection(.handled(abi: abi)).rawValue)
    }
    body.list(resourceLimits) { writer, limit in
      writer.byte(limit.resource)
      writer.long(limit.soft)
      writer.long(limit.hard)
    }
    body.program(filter)
    body.list(argumentBytes ?? arguments.map { Array($0.utf8) }) { $0.data($1) }
    body.list(environment) { $0.data(environmentBytes[$1] ?? Array($1.utf8)) }
    body.list(searchPath) { $0.text($1) }
    body.text(directory)
    body.list(cgroups) { $0.text($1) }
    body.list(placeholders) { writer, placeholder in
      writer.text(placeholder.path)
      writer.long(placeholder.inode)
      writer.byte(placeholder.isDirectory)
    }
    body.text(emptyLayer ?? "")
    body.list(sockets) { writer, socket in
      writer.byte(socket.isDatagram)
      writer.data(socket.address)
      writer.word(UInt32(socket.port))
    }
    body.program(tap)

    withUnsafeBytes(of: UInt32(body.bytes.count - 12).littleEndian) {
      body.bytes.replaceSubrange(8..<12, with: $0)
    }
    return body.bytes
  }
}

extension LaunchPlan.Step {
  fileprivate var contentSize: Int {
    if case .file(_, _, let content) = self { content.count } else { 0 }
  }

  fileprivate var sources: [LaunchPlan.Source] {
    switch self {
    case .bind(let source, _, _), .view(let source, _): [source]
    case .overlay(let lower, let layer, _, _): [lower, layer]
    default: []
    }
  }

  fileprivate func write(to writer: inout PlanWriter, nextSource: inout UInt32) {
    switch self {
    case .tmpfs(let target, let mode, let bytes, let inodes, let attributes):
      writer.kind(CL_STEP_TMPFS)
      writer.text(target)
      writer.text(mode)
      writer.text(String(bytes))
      writer.text(String(inodes))
      writer.long(attributes.rawValue)
    case .bind(_, let target, let isDirectory):
      writer.kind(CL_STEP_BIND)
      writer.word(nextSource)
      nextSource += 1
      writer.text(target)
      writer.byte(isDirectory)
    case .overlay(_, _, let target, let attributes):
      writer.kind(CL_STEP_OVERLAY)
      writer.word(nextSource)
      writer.word(nextSource + 1)
      nextSource += 2
      writer.text(target)
      writer.long(attributes.rawValue)
    case .view(_, let target):
      writer.kind(CL_STEP_VIEW)
      writer.word(nextSource)
      nextSource += 1
      writer.text(target)
    case .proc(let target):
      writer.kind(CL_STEP_PROC)
      writer.text(target)
    case .devpts(let target):
      writer.kind(CL_STEP_DEVPTS)
      writer.text(target)
    case .symlink(let text, let target):
      writer.kind(CL_STEP_SYMLINK)
      writer.text(text)
      writer.text(target)
    case .directory(let target, let mode):
      writer.kind(CL_STEP_DIRECTORY)
      writer.text(target)
      writer.word(mode)
    case .file(let target, let mode, let content):
      writer.kind(CL_STEP_FILE)
      writer.text(target)
      writer.word(mode)
      writer.data(content)
    case .pin(let target):
      writer.kind(CL_STEP_PIN)
      writer.text(target)
      writer.long((MountAttributes.noSetuid.union(.noDevices)).rawValue)
    case .mask(let target, let isDirectory):
      writer.kind(CL_STEP_MASK)
      writer.text(target)
      writer.byte(isDirectory)
    case .readOnly(let target):
      writer.kind(CL_STEP_READ_ONLY)
      writer.text(target)
    case .place(let file, let target):
      writer.kind(CL_STEP_PLACE)
      writer.text(file)
      writer.text(target)
    case .writable(let target):
      writer.kind(CL_STEP_WRITABLE)
      writer.text(target)
    }
  }
}

/// Writes the fields of a plan.
private struct PlanWriter {
  var bytes: [UInt8] = []

  mutating func kind(_ value: Int) { bytes.append(UInt8(value)) }
  mutating func byte(_ value: UInt8) { bytes.append(value) }
  mutating func byte(_ value: Bool) { bytes.append(value ? 1 : 0) }
  mutating func half(_ value: UInt16) { append(value) }
  mutating func word(_ value: UInt32) { append(value) }
  mutating func long(_ value: UInt64) { append(value) }
  mutating func text(_ value: String) { data(Array(value.utf8)) }

  mutating func data(_ value: [UInt8]) {
    word(UInt32(value.count))
    bytes += value
    bytes.append(0)
  }

  mutating func program(_ instructions: [FilterInstruction]) {
    var writer = PlanWriter()
    for instruction in instructions {
      writer.half(instruction.code)
      writer.byte(instruction.ifTrue)
      writer.byte(instruction.ifFalse)
      writer.word(instruction.operand)
    }
    data(writer.bytes)
  }

  mutating func list<Element>(_ elements: [Element], _ write: (inout PlanWriter, Element) -> Void) {
    word(UInt32(elements.count))
    for element in elements { write(&self, element) }
  }

  private mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
  }
}
