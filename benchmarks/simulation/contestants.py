"""What others would have paid for the same images: a model that always runs, and the hourly check of a public sample.

The sample is aws-samples/amazon-rekognition-custom-labels-batch-processing: an hourly rule begins a workflow. Where the
queue is not empty and the model does not run, it starts the model, looks each 15 minutes whether it runs, opens the
queue, and looks again after 3,540 seconds: it stops the model once the queue is empty then. Here it has as many units
as the trace needs; in the sample it has one.
"""

from typing import Final

from benchmarks.simulation.serving import PER_UNIT, cumulative, served_by
from benchmarks.simulation.sessions import Month, Session, running_units
from benchmarks.simulation.traces import DAY, DAYS, HOUR, Trace

_START_LOOKS: Final = 15  # minutes between two looks at a version that starts
_QUEUE_LOOKS: Final = 59  # minutes, between two looks at the queue of a model that runs


def always_on(trace: Trace) -> Month:
    """Run from the first minute of the month to the last."""
    session = Session(0, 0, DAYS * DAY, trace.max_units)
    known = cumulative(trace.arrivals)
    return Month((session,), served_by(known, running_units([session], trace.minutes)))


def hourly_check(trace: Trace) -> Month:
    """Look at the queue once an hour; images are done from when it is opened, which is later than RUNNING."""
    known = cumulative(trace.arrivals)
    images = known.tolist()
    sessions: list[Session] = []
    opened: list[Session] = []
    done = minute = 0
    while minute < trace.minutes:
        if minute and images[minute - 1] > done:
            running = minute + trace.startup(minute)
            opens = stops = minute + -(-trace.startup(minute) // _START_LOOKS) * _START_LOOKS
            while stops == opens or images[stops - 1] > done:
                for worked in range(stops, min(stops + _QUEUE_LOOKS, trace.minutes)):
                    done = min(images[worked], done + PER_UNIT * trace.max_units)
                stops += _QUEUE_LOOKS
                if stops >= trace.minutes:
                    break
            stops = min(stops, trace.minutes)
            sessions.append(Session(minute, running, stops, trace.max_units))
            opened.append(Session(minute, opens, stops, trace.max_units))
            minute = stops - 1
        minute += HOUR - minute % HOUR
    return Month(tuple(sessions), served_by(known, running_units(opened, trace.minutes)))
