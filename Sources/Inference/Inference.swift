// Inference: language and embedding models on the CPU. Files in, tokens and numbers out.
//
// It reads models where they lie, turns text into tokens and back, multiplies, and chooses what comes
// next. It does not know who asks, over which wire, or what that costs: no sockets, no Foundation, so
// that it can be built into anything and read by itself. What comes from a file or from a request is
// checked before it is used; numbers that a model computes are not.
