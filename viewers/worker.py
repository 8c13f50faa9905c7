"""Long work behind a server: one thread, a bounded queue, and jobs that can be watched and cancelled."""

import queue
import threading
from concurrent.futures import Future


class QueueFullError(Exception):
    """As many jobs as the queue holds are waiting already."""


class ClosedError(Exception):
    """The worker is shutting down."""


class CancelledJobError(Exception):
    """The job was asked to stop."""


class Job:
    """Work that was handed in.

    Attributes
    ----------
    future : concurrent.futures.Future
        Its result; cancelled, or with `CancelledJobError`, if the job was. ``asyncio.wrap_future`` awaits it.
    progress : tuple of (int, int)
        Steps done, and how many there are; (0, 0) before anything is known.
    """

    def __init__(self, work):
        self.future = Future()
        self.progress = (0, 0)
        self._work = work
        self._cancelled = threading.Event()

    def cancel(self):
        """Drop the job if it waits; ask it to stop at its next step if it runs."""
        self._cancelled.set()
        self.future.cancel()

    def watch(self, done, total):
        """Note progress; what the work calls between its steps, such as `Eraser.erase` does.

        Raises
        ------
        CancelledJobError
            If the job was cancelled.
        """
        self.progress = (done, total)
        self.check()

    def check(self):
        """Raise CancelledJobError if the job was cancelled."""
        if self._cancelled.is_set():
            raise CancelledJobError

    def run(self):
        """Do the work; called by the worker."""
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self._work(self)
        except BaseException as error:  # whatever it is belongs to who waits for the result
            self.future.set_exception(error)
        else:
            self.future.set_result(result)


class Worker:
    """One thread that does one job at a time: they all want every core.

    Parameters
    ----------
    waiting : int
        How many jobs may wait besides the one that runs.
    """

    def __init__(self, waiting=8):
        self.waiting = waiting
        self._jobs = queue.Queue()
        self._open = set()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = None

    def submit(self, work):
        """Hand in a job.

        Parameters
        ----------
        work : callable
            ``work(job)``, called in the worker's thread; it should call `Job.check` or `Job.watch` often.

        Returns
        -------
        Job

        Raises
        ------
        QueueFullError
            If too many are waiting.
        ClosedError
            If the worker was closed.
        """
        job = Job(work)
        with self._lock:
            if self._closed:
                raise ClosedError
            if len(self._open) > self.waiting:
                raise QueueFullError
            self._open.add(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="pano-inpaint worker", daemon=True)
                self._thread.start()
            self._jobs.put(job)
        return job

    def close(self, patience=10.0):
        """Cancel everything and end the thread.

        Parameters
        ----------
        patience : float
            Seconds that the running job gets to reach its next step.
        """
        with self._lock:
            self._closed = True
            for job in self._open:
                job.cancel()
            self._jobs.put(None)
        if self._thread is not None:
            self._thread.join(patience)

    def _run(self):
        while (job := self._jobs.get()) is not None:
            job.run()
            with self._lock:
                self._open.discard(job)
