/// Why a pack is not read on.
enum PackProblem: Error, Hashable {
  /// It is no pack, or one that git would not make.
  case malformed(String)
  /// It holds more than is looked at; which bound that is.
  case bound(String)
}
