"""Durable steps of Absurd: peer_absurd.py CONNECTION POSTMASTER STEPS, one after the other."""
import sys
import time

from absurd_sdk import Absurd
from meter import Meter

connection, postmaster, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
app = Absurd(connection, queue_name="default")
measured = []


@app.register_task("work", default_max_attempts=1)
def work(params, context):
    for number in range(params["count"]):
        start = time.perf_counter()
        context.step(f"s{number}", lambda: number)
        measured.append(time.perf_counter() - start)
    return 1


def run(count):
    app.spawn("work", {"count": count})
    app.work_batch("bench", claim_timeout=300, batch_size=1)


run(20)
measured.clear()
with Meter("sequential", postmaster) as meter:
    meter.times = measured
    run(steps)
