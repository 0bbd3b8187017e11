// The service inside a session: runs commands and touches files for whoever holds the other end of
// its standard input and output. It is sealed like any command of a run and grants nothing: what it
// can do, each of its children can.
//
// One thread and one poll. When its input ends it exits, and PID 1 of the run ends all the rest.

import CLinux

// Its children share its uid. Not dumpable, its descriptors and its memory are closed to them.
_ = cl_set_dumpable(0)
_ = cl_ignore_signal(13)  // SIGPIPE: a closed output is an error of the write

guard let service = Service() else {
  Service.complain("cannot be set up inside the run")
  cl_exit(1)
}
service.run()
