import CKernels
import Glibc

/// Keys and values of the positions that sequences have gone through, a slot for each sequence.
///
/// A slot is a range of addresses as long as the longest sequence, which the system fills with memory
/// page by page as positions are written: what is not used costs nothing, and a sequence lies in one
/// piece for the kernels. Within a slot: layer, keys or values, head, position.
///
/// Not for several threads at once, except that `store` of different positions may overlap.
final class KVCache {
  let layout: CacheLayout
  private var slots: [UnsafeMutableRawPointer?]

  init(layout: CacheLayout, slots: Int) {
    self.layout = layout
    self.slots = [UnsafeMutableRawPointer?](repeating: nil, count: slots)
  }

  deinit {
    for case let slot? in slots { munmap(slot, layout.slotSize) }
  }

  var slotCount: Int { slots.count }

  /// Gets a slot its addresses; false if the system has none.
  func open(_ slot: Int) -> Bool {
    guard slots[slot] == nil else { return true }
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    guard let start = mmap(nil, layout.slotSize, PROT_READ | PROT_WRITE, flags, -1, 0),
      start != MAP_FAILED
    else { return false }
    // Huge pages would fill most of a slot with the first position, which lies in every strip.
    madvise(start, layout.slotSize, MADV_NOHUGEPAGE)
    slots[slot] = start
    return true
  }

  /// Gives a slot's memory back to the system.
  func empty(_ slot: Int) {
    guard let start = slots[slot] else { return }
    munmap(start, layout.slotSize)
    slots[slot] = nil
  }

  /// Copies the first positions of one open slot to another.
  func copy(_ positions: Int, from source: Int, to target: Int) {
    guard let from = slots[source], let to = slots[target] else { return }
    for strip in 0..<layout.strips {
      let offset = strip * layout.stripSize
      memcpy(to + offset, from + offset, positions * layout.rowSize)
    }
  }

  /// Where the keys of a layer's first head begin; a head's are `layout.stripSize` further.
  func keys(_ slot: Int, layer: Int) -> UnsafeMutableRawPointer? {
    slots[slot].map { $0 + 2 * layer * layout.heads * layout.stripSize }
  }

  func values(_ slot: Int, layer: Int) -> UnsafeMutableRawPointer? {
    slots[slot].map { $0 + (2 * layer + 1) * layout.heads * layout.stripSize }
  }
}
