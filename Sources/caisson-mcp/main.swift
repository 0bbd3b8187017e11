import CLinux
_ = cl_ignore_signal(13)
