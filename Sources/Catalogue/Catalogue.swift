// Catalogue: which models there are, what they cost, and which of them a request goes to.
//
// Prices are integers, and what is not known is never zero. Routing is a function over values: the
// request's needs, the configuration, the health that somebody else observed. This target knows
// nothing of files, sockets or clocks; of SQL and of agents it must not know either, because both
// the command and the gateway stand on it.
