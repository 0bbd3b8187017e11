// WorkWire: what the daemon and those who speak with it say to each other: the bodies of its requests
// and answers. No I/O, and no decision.
//
// Times are microseconds since 1970, money is pico-dollars (10⁻¹² USD), both whole numbers.
