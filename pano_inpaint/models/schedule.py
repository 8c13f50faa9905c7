"""Who trains now, and why: the paper's fixed schedule and the article's training-target switch."""

from collections import deque
from dataclasses import dataclass

from pano_inpaint.errors import UsageError

COMPLETION, DISCRIMINATOR, JOINT = "completion", "discriminator", "joint"


@dataclass(frozen=True)
class Decision:
    """What one training step does.

    Attributes
    ----------
    phase : {"completion", "discriminator", "joint"}
        Which of the three phases the step belongs to (Iizuka et al. 2017, algorithm 1).
    target : {"completion", "discriminator", "joint"}
        Whose weights move: in the third phase under the switch, one of the two.
    reason : str
        One line for the log.
    """

    phase: str
    target: str
    reason: str


class TargetSwitch:
    """Train the discriminator until it is good enough, then the completion network until it is not.

    The mean of the discriminator's loss over the last `window` steps decides: below `low` the
    completion network trains, above `high` the discriminator; between the two marks things stay as
    they are. The discriminator's loss goes on being measured whoever trains.

    Parameters
    ----------
    window : int
        Number of losses in the mean; nothing switches before that many were seen since the last switch.
    low, high : float
        The marks, ``low <= high``. An undecided discriminator's cross entropy is 2·ln 2 ≈ 1.39.
    """

    def __init__(self, window=10, low=0.9, high=1.2):
        if window < 1 or low > high:
            raise UsageError(
                "expected the switch's window >= 1 and low <= high, "
                f"got window={window}, low={low}, high={high}"
            )
        self.window, self.low, self.high = window, low, high
        self.target = DISCRIMINATOR
        self.reason = "the discriminator starts"
        self._losses = deque(maxlen=window)

    def observe(self, loss):
        """Take note of the discriminator's loss in the step just done."""
        self._losses.append(float(loss))
        if len(self._losses) < self.window:
            return
        mean = sum(self._losses) / self.window
        if self.target == DISCRIMINATOR and mean < self.low:
            self._switch(COMPLETION, f"mean discriminator loss {mean:.3f} < {self.low:g}")
        elif self.target == COMPLETION and mean > self.high:
            self._switch(DISCRIMINATOR, f"mean discriminator loss {mean:.3f} > {self.high:g}")

    def _switch(self, target, reason):
        self.target, self.reason = target, reason
        self._losses.clear()

    def state(self):
        """Return what `restore` needs, as JSON types."""
        return {"target": self.target, "reason": self.reason, "losses": list(self._losses)}

    def restore(self, state):
        """Go on from what `state` returned."""
        self.target, self.reason = state["target"], state["reason"]
        self._losses = deque(state["losses"], maxlen=self.window)


class Schedule:
    """The three phases, with or without the switch in the third.

    Parameters
    ----------
    completion_steps, discriminator_steps, joint_steps : int
        Length of each phase; the paper has 90 000, 10 000 and 400 000 of batch 96
        (Iizuka et al. 2017, section 4).
    switch : TargetSwitch, optional
        Decides in the third phase; without it both networks train in each of its steps.
    """

    def __init__(self, completion_steps, discriminator_steps, joint_steps, *, switch=None):
        if min(completion_steps, discriminator_steps, joint_steps) < 0:
            raise UsageError(
                "expected phases of 0 steps or more, "
                f"got {completion_steps}, {discriminator_steps}, {joint_steps}"
            )
        self._ends = (completion_steps, completion_steps + discriminator_steps)
        self.total_steps = completion_steps + discriminator_steps + joint_steps
        self.switch = switch

    def decide(self, step):
        """Return the `Decision` for step number `step`, counted from 0."""
        if step < self._ends[0]:
            return Decision(COMPLETION, COMPLETION, "phase 1: reconstruction only")
        if step < self._ends[1]:
            return Decision(DISCRIMINATOR, DISCRIMINATOR, "phase 2: discriminator alone")
        if self.switch is None:
            return Decision(JOINT, JOINT, "phase 3: both")
        return Decision(JOINT, self.switch.target, f"phase 3: {self.switch.reason}")

    def observe(self, step, discriminator_loss):
        """Take note of a step's discriminator loss, where there was one."""
        if self.switch is not None and step >= self._ends[1] and discriminator_loss is not None:
            self.switch.observe(discriminator_loss)

    def state(self):
        """Return what `restore` needs, as JSON types."""
        return self.switch.state() if self.switch else {}

    def restore(self, state):
        """Go on from what `state` returned."""
        if self.switch and state:
            self.switch.restore(state)


def build_schedule(settings):
    """Build the schedule that an application's settings ask for.

    Raises
    ------
    UsageError
        If the kind of schedule is unknown or its numbers are impossible.
    """
    if settings.schedule not in ("switch", "fixed"):
        raise UsageError(f"expected schedule 'switch' or 'fixed', got {settings.schedule!r}")
    switch = None
    if settings.schedule == "switch":
        switch = TargetSwitch(settings.switch_window, settings.switch_low, settings.switch_high)
    steps = (settings.completion_steps, settings.discriminator_steps, settings.joint_steps)
    return Schedule(*steps, switch=switch)
