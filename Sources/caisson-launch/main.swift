// The launcher of a sealed run. It is sent a plan on descriptor 3, becomes what the plan says, and
// reports there. It takes no decision, reads no file of the user's and knows no policy.
//
// Two processes: this one stays outside with the identity that it was started with, waits for the
// run's PID 1, and removes the run's cgroups even where the supervisor was killed. The other one is
// PID 1 of the run (see Init).

import CLinux

/// Removes a layer in which the run left nothing, while the supervisor writes its last row.
@MainActor func removeEmptyLayer() {
  guard plan.emptyLayer.count > 0 else { return }
  let layer = cl_open(
    Int32(CL_AT_FDCWD),
    plan.emptyLayer.pointer,
    Int32(CL_O_PATH | CL_O_DIRECTORY),
    0
  )
  guard layer >= 0 else { return }
  let directory = Int32(CL_AT_REMOVEDIR)
  guard cl_unlinkat(layer, "upper", directory) == 0 else { return }
  // The kernel leaves `work/work` behind with mode 000, and its mark of a volatile mount in it.
  for name in ["work/work", "work/work/incompat", "work/work/incompat/volatile"] {
    _ = cl_chmodat(layer, name, 0o700)
  }
  _ = cl_unlinkat(layer, "work/work/incompat/volatile/dirty", 0)
  for name in ["work/work/incompat/volatile", "work/work/incompat", "work/work", "work"] {
    _ = cl_unlinkat(layer, name, directory)
  }
}
_ = cl_set_cloexec(Int32(CL_CONTROL_DESCRIPTOR), 1)
// Only held: it is free once this process and PID 1 of the run are gone.
_ = cl_set_cloexec(Int32(CL_LOCK_DESCRIPTOR), 1)
guard let identity = Control.receiveIdentity() else { cl_exit(1) }

let initPID, lifeline: Int32
do throws(LaunchFailure) {
  (initPID, lifeline) = try identity.startInit()
} catch {
  Control.report(error)
  cl_exit(1)
}
// While the plan is still being made: uid 0 will need an id map.
var holder: NamespaceHolder? = identity.isPrivileged ? try? NamespaceHolder() : nil
guard let planDescriptor = Control.receivePlan() else { cl_exit(1) }

let plan: Plan
do throws(PlanError) {
  plan = try Plan.read(descriptor: planDescriptor)
} catch {
  Control.report(LaunchFailure(call: "the launch plan is damaged", subject: nil, error: 22))
  cl_exit(1)
}
Inheritance.give(CL_HANDED_PLAN, [planDescriptor], to: lifeline)

do throws(LaunchFailure) {
  if plan.has(CL_PLAN_JOIN_CGROUPS) {
    // Opened with the caller's rights, which the kernel looks at when PID 1 writes.
    var groups: [Int32] = []
    for cgroup in plan.cgroups {
      let file = cl_open(
        Int32(CL_AT_FDCWD),
        String(cString: cgroup.pointer) + "/tasks",
        Int32(CL_O_WRONLY),
        0
      )
      groups.append(try LaunchFailure.check(file, "open the cgroup", cgroup))
    }
    Inheritance.give(CL_HANDED_GROUPS, groups, to: lifeline)
  }
  if identity.isPrivileged {
    let trees = try Sources.open(plan, identity, holder.take())
    Inheritance.give(CL_HANDED_TREES, trees, to: lifeline)
  }
} catch {
  Control.report(error)
  cl_exit(1)
}

Control.send(CL_MESSAGE_PID, [initPID])
for descriptor: Int32 in 0...2 { _ = cl_close(descriptor) }

// PID 1 ends with the supervisor by itself, except while it builds its root: then it is made to.
// The messages are PID 1's; here only the end of the socket is looked for.
let watched = cl_pidfd_open(initPID)
if watched >= 0 {
  var entries = [
    cl_poll(descriptor: watched, wanted: Int16(CL_POLLIN), seen: 0),
    cl_poll(descriptor: Int32(CL_CONTROL_DESCRIPTOR), wanted: 0, seen: 0),
  ]
  while entries[0].seen == 0, entries[1].seen == 0 { _ = cl_poll(&entries, 2, -1, 1) }
  if entries[1].seen != 0 { _ = cl_kill(initPID, 9) }
}
var status = cl_exit_status()
_ = cl_wait(initPID, 1, &status)
Control.send(CL_MESSAGE_ENDED)
removeEmptyLayer()
// The supervisor reads what the cgroups counted and closes the socket. A dead one has closed it.
while Control.receive() != nil {}
for placeholder in plan.placeholders.reversed() { placeholder.remove() }
for cgroup in plan.cgroups {
  _ = cl_unlinkat(Int32(CL_AT_FDCWD), cgroup.pointer, Int32(CL_AT_REMOVEDIR))
}
// Nothing is left but this process: the supervisor need not wait for the kernel to take it down.
Control.send(CL_MESSAGE_CLEARED)
cl_exit(status.code == 0 ? 0 : 1)
