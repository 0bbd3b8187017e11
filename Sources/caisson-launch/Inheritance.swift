import CLinux

/// What PID 1 of the run is handed by the launcher outside.
struct Inheritance {
  let plan: Plan
  /// Clones of the host's trees, where uid 0 has taken them.
  var clones: [Int32] = []
  /// The lists of members of the run's cgroups, open for writing.
  var groups: [Int32] = []

  /// Waits for all of it. Nil where the launcher is gone.
  init?(from lifeline: Int32, _ identity: Identity) throws(PlanError) {
    guard let first = Self.receive(lifeline), first.kind == CL_HANDED_PLAN,
      first.descriptors.count == 1
    else { return nil }
    plan = try Plan.read(descriptor: first.descriptors[0])
    _ = cl_close(first.descriptors[0])
    let trees = identity.isPrivileged ? plan.sources.count : 0
    let lists = plan.has(CL_PLAN_JOIN_CGROUPS) ? plan.cgroups.count : 0
    while clones.count < trees || groups.count < lists {
      guard let next = Self.receive(lifeline) else { return nil }
      if next.kind == CL_HANDED_TREES { clones += next.descriptors }
      if next.kind == CL_HANDED_GROUPS { groups += next.descriptors }
    }
  }

  /// Hands over descriptors, and closes them here. A PID 1 that is gone has said why.
  static func give(_ kind: Int, _ descriptors: [Int32], to lifeline: Int32) {
    var rest = descriptors[...]
    while !rest.isEmpty {
      let some = Array(rest.prefix(4))
      let byte = UInt8(truncatingIfNeeded: kind)
      _ = withUnsafePointer(to: byte) { cl_send(lifeline, $0, 1, some, Int32(some.count)) }
      for descriptor in some { _ = cl_close(descriptor) }
      rest = rest.dropFirst(4)
    }
  }

  private static func receive(_ lifeline: Int32) -> (kind: Int, descriptors: [Int32])? {
    var kind: UInt8 = 0
    var descriptors: [Int32] = [-1, -1, -1, -1]
    var number: Int32 = 0
    guard cl_receive(lifeline, &kind, 1, &descriptors, &number) == 1 else { return nil }
    return (Int(kind), Array(descriptors[..<Int(number)]))
  }
}
