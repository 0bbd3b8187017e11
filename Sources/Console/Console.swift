// Console: what people and programs say to the daemon over HTTP, on a socket of its owner's and, where
// that is asked for, on a port with a token. It knows paths, bodies and statuses; what is meant by them
// is Delegation's.
