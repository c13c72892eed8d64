# Runs a command on some cores and says, as the last line of standard error, what it took: seconds, CPU seconds of it
# and all processes it started, and the resident bytes of the largest of these.
#   measure.py CORES COMMAND...
import json
import os
import sys
import time

cores, command = sys.argv[1], sys.argv[2:]
os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
begin = time.monotonic()
child = os.posix_spawnp(command[0], command, os.environ)
_, status, usage = os.wait4(child, 0)
taken = {
    "seconds": time.monotonic() - begin,
    "cpuSeconds": usage.ru_utime + usage.ru_stime,
    "maxRss": usage.ru_maxrss * 1024,
}
sys.stderr.write("\n" + json.dumps(taken) + "\n")
sys.exit(os.waitstatus_to_exitcode(status) & 255)
