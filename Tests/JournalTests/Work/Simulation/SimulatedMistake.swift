/// One thing done wrong on purpose: the simulation must find each of them, else it finds nothing.
enum SimulatedMistake: CaseIterable {
  /// What a dead worker had begun may land after others have seen that it is dead.
  case sessionsOutliveWorkers
  /// What a living worker had begun may land after others have taken its lease.
  case sessionsOutliveLeases
  /// A worker that has slept beyond its lease begins what it was about to.
  case sleepersAct
  /// A store takes writes under an old lease.
  case oldLeasesWrite
  /// A store does not look again whether what is waited for is there already.
  case looksOnce
  /// A worker begins an effect before its intent is on the disk.
  case effectBeforeIntent
  /// A question about repeating an effect does not name the attempt, so that an old answer fits.
  case oldAnswersCount
  /// A worker repeats what only a person may have repeated.
  case guesses
  /// Workers that die of an assignment are not counted.
  case neverParks
  /// What was begun and did not end is taken for done.
  case believes

  /// What is found of it, among other things.
  var symptom: String {
    switch self {
    case .sessionsOutliveWorkers, .sessionsOutliveLeases, .sleepersAct: "(probed) happens 2 times"
    case .oldLeasesWrite: "a write under the old epoch"
    case .looksOnce: "which is there"
    case .effectBeforeIntent: "happens before it is on record"
    case .oldAnswersCount, .guesses: "(opaque) happens"
    case .neverParks: "it never ends"
    case .believes: "is recorded as done and did not happen"
    }
  }
}
