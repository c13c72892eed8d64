# The job of promises.mjs through Python's rbd: asynchronous calls, a callback each.
import json
import random
import sys
import threading
import time

import rados
import rbd

job = json.loads(sys.argv[1])
size, depth = job["blockSize"], job["depth"]
cluster = rados.Rados(conffile="", name="client.admin")
cluster.conf_set("rbd_cache", "false")
cluster.connect()
ioctx = cluster.open_ioctx(job["pool"])
image = rbd.Image(ioctx, job["image"])
image.lock_acquire(rbd.RBD_LOCK_MODE_EXCLUSIVE)
blocks = image.size() // size
payload = random.randbytes(size)
free = threading.Semaphore(depth)
latencies = []
failed = []


def read(position):
    begin = time.perf_counter_ns()

    def done(_completion, data):
        latencies.append(time.perf_counter_ns() - begin)
        if data is None or len(data) != size:
            failed.append(position)
        free.release()

    image.aio_read(position, size, done)


def write(position):
    begin = time.perf_counter_ns()

    def done(completion):
        latencies.append(time.perf_counter_ns() - begin)
        if completion.get_return_value() < 0:
            failed.append(position)
        free.release()

    image.aio_write(payload, position, done)


operate = read if job["operation"] == "read" else write
start = time.monotonic()
end = start + job["seconds"]
issued = 0
while issued < job.get("operations", float("inf")) and time.monotonic() < end:
    free.acquire()
    block = random.randrange(blocks) if job["pattern"] == "random" else issued % blocks
    operate(block * size)
    issued += 1
for _ in range(depth):
    free.acquire()
elapsed = time.monotonic() - start
image.close()
ioctx.close()
cluster.shutdown()
if failed:
    sys.exit(f"{len(failed)} operations failed, the first at {failed[0]}")
latencies.sort()


def percentile(percent):
    return latencies[min(len(latencies) - 1, int(len(latencies) * percent / 100))]


print(
    json.dumps(
        {
            "operations": len(latencies),
            "seconds": elapsed,
            "latency": {
                "min": latencies[0],
                "mean": sum(latencies) / len(latencies),
                "p50": percentile(50),
                "p99": percentile(99),
                "p999": percentile(99.9),
                "max": latencies[-1],
            },
        }
    )
)
