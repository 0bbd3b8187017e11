// What a team of threads costs: an empty piece of work, work after a pause, and doing nothing.
//
//   swift run -c release team-bench [threads]
//
// The last figure wants a machine with more to do: run it beside `stress` or builds.
import Glibc
import Inference

let threads = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 2
let team = Team(threads: threads)

func seconds(_ clock: clockid_t) -> Double {
  var time = timespec()
  clock_gettime(clock, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Work of about so many nanoseconds.
@inline(never) func toil(_ nanoseconds: Int) {
  let end = seconds(CLOCK_MONOTONIC) + Double(nanoseconds) * 1e-9
  while seconds(CLOCK_MONOTONIC) < end {}
}

func median(_ numbers: [Double]) -> Double { numbers.sorted()[numbers.count / 2] }

/// Microseconds of a piece of work of `units` times `nanoseconds`, `gap` after the one before.
func section(units: Int, nanoseconds: Int, gap: Int) -> (median: Double, worst: Double) {
  var times: [Double] = []
  for _ in 0..<2_000 {
    toil(gap)
    let start = seconds(CLOCK_MONOTONIC)
    team.each(units, grain: 1) { part, _ in
      for _ in part where nanoseconds > 0 { toil(nanoseconds) }
    }
    times.append((seconds(CLOCK_MONOTONIC) - start) * 1e6)
  }
  return (median(times), times.max() ?? 0)
}

func line(_ what: String, _ result: (median: Double, worst: Double)) {
  func rounded(_ number: Double) -> Double { (number * 10).rounded() / 10 }
  print("\(what): median \(rounded(result.median)) µs, worst \(rounded(result.worst)) µs")
}

print("\(team.threads) threads")
line("empty, one after the other", section(units: 64, nanoseconds: 0, gap: 0))
line("empty, 10 µs apart", section(units: 64, nanoseconds: 0, gap: 10_000))
line("empty, 200 µs apart (asleep)", section(units: 64, nanoseconds: 0, gap: 200_000))
line("100 µs in 32 units, 10 µs apart", section(units: 32, nanoseconds: 3_125, gap: 10_000))
line("100 µs in 32 units, 200 µs apart", section(units: 32, nanoseconds: 3_125, gap: 200_000))

/// 300 pieces of work behind each other, as a forward pass has them; microseconds each.
func pass(nanoseconds: Int) -> (median: Double, worst: Double) {
  let times = (0..<60).map { _ in
    let start = seconds(CLOCK_MONOTONIC)
    for _ in 0..<300 {
      team.each(16, grain: 1) { part, _ in
        for _ in part where nanoseconds > 0 { toil(nanoseconds / 16) }
      }
    }
    return (seconds(CLOCK_MONOTONIC) - start) * 1e6 / 300
  }
  return (median(times), times.max() ?? 0)
}

line("each of 300, empty", pass(nanoseconds: 0))
line("each of 300, 10 µs of work", pass(nanoseconds: 10_000))
line("each of 300, 30 µs of work", pass(nanoseconds: 30_000))
let cpu = seconds(CLOCK_PROCESS_CPUTIME_ID)
sleep(10)
let used = (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e6
print("10 s without work: \(used.rounded()) µs of CPU")
