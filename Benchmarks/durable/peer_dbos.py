"""Durable steps of DBOS: peer_dbos.py URL POSTMASTER STEPS, one after the other and in 32 workflows."""
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from dbos import DBOS
from meter import Meter

url, postmaster, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
DBOS(config={"name": "bench", "system_database_url": url, "log_level": "ERROR",
             "run_admin_server": False})
lock = threading.Lock()


@DBOS.step()
def step(number):
    return number


@DBOS.workflow()
def work(count, times):
    for number in range(count):
        start = time.perf_counter()
        step(number)
        with lock:
            measured[times].append(time.perf_counter() - start)
    return count


measured = {"warm": [], "sequential": [], "32 at once": []}
DBOS.launch()
work(20, "warm")
with Meter("sequential", postmaster) as meter:
    meter.times = measured["sequential"]
    work(steps, "sequential")
with Meter("32 at once", postmaster) as meter:
    meter.times = measured["32 at once"]
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda _: work(max(1, steps // 16), "32 at once"), range(32)))
DBOS.destroy()
