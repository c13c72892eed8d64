# The job of objects.mjs through Python's rados: asynchronous calls, a callback each.
import json
import random
import sys
import threading
import time

import rados

job = json.loads(sys.argv[1])
size, depth, objects = job["blockSize"], job["depth"], job["objects"]
cluster = rados.Rados(conffile="", name="client.admin")
cluster.connect()
ioctx = cluster.open_ioctx(job["pool"])
payload = b"x" * size
free = threading.Semaphore(depth)
latencies = []
failed = []


def read(name):
    begin = time.perf_counter_ns()

    def done(_completion, data):
        latencies.append(time.perf_counter_ns() - begin)
        if data is None or len(data) != size:
            failed.append(name)
        free.release()

    ioctx.aio_read(name, size, 0, done)


def write(name):
    begin = time.perf_counter_ns()

    def done(completion):
        latencies.append(time.perf_counter_ns() - begin)
        if completion.get_return_value() < 0:
            failed.append(name)
        free.release()

    ioctx.aio_write(name, payload, 0, done)


operate = read if job["operation"] == "read" else write
start = time.monotonic()
end = start + job["seconds"]
issued = 0
while issued < job.get("operations", float("inf")) and time.monotonic() < end:
    free.acquire()
    operate(f"object-{random.randrange(objects)}")
    issued += 1
for _ in range(depth):
    free.acquire()
elapsed = time.monotonic() - start
ioctx.close()
cluster.shutdown()
if failed:
    sys.exit(f"{len(failed)} operations failed, the first on {failed[0]}")
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
