# libvirt-python's side: each domain asked for by itself, or all in one call.
import json
import resource
import sys
import time

import libvirt

how, uri, rounds, domains = sys.argv[1:]
connection = libvirt.open(uri)


def loop():
    found = 0
    for domain in connection.listAllDomains():
        domain.name()
        domain.state()
        domain.info()
        found += 1
    return found


def bulk():
    wanted = libvirt.VIR_DOMAIN_STATS_STATE | libvirt.VIR_DOMAIN_STATS_BALLOON | libvirt.VIR_DOMAIN_STATS_VCPU
    return len(connection.getAllDomainStats(wanted))


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


before = cpu()
start = time.monotonic()
for _ in range(int(rounds)):
    if {"loop": loop, "bulk": bulk}[how]() != int(domains):
        sys.exit("not all domains")
print(json.dumps({"workSeconds": time.monotonic() - start, "workCpuSeconds": cpu() - before}))
