import CLinux
import Glibc

exit(0)
