import Egress
import Glibc

exit(1)
