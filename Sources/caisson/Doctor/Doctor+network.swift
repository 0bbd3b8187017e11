import Foundation
import Glibc
import Policy
import Sandbox

extension Doctor {
  /// Whether a run can be given a network, and what of it is seen.
  func network() -> Finding {
    var refusal: Int32?
    let end = attempt(workspace: nil, network: NetworkGrant(plan: NetworkPlan([]), files: [])) {
      refusal = $0
    }
    guard case .exited(0) = end else {
      return Finding(
        subject: "network",
        state: .missing,
        meaning: "a run that is granted any cannot be started: \(Self.reason(end))",
        remedy: "a kernel with IP version 6 (not ipv6.disable=1)"
      )
    }
    guard refusal == 0 else {
      return Finding(
        subject: "network",
        state: .weaker,
        meaning: "attempts where nobody listens are refused, but leave no row: "
          + String(cString: strerror(refusal ?? 0)),
        remedy: "a kernel with packet sockets (CONFIG_PACKET)"
      )
    }
    return Finding(
      subject: "network",
      state: .ok,
      meaning: "by grants alone; attempts at other ports, and UDP, are recorded"
    )
  }
}
