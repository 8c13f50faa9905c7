"""Who trains now, and why."""

import pytest

from pano_inpaint.models.schedule import Schedule, TargetSwitch


def test_phases_follow_each_other():
    schedule = Schedule(2, 1, 3)
    assert [schedule.decide(step).phase for step in range(schedule.total_steps)] == (
        ["completion"] * 2 + ["discriminator"] + ["joint"] * 3
    )
    assert schedule.decide(4).target == "joint"


def test_switch_has_hysteresis():
    switch = TargetSwitch(window=2, low=0.5, high=1.0)
    assert switch.target == "discriminator"
    targets = []
    for loss in [0.9, 0.6, 0.3, 0.6, 0.6, 0.9, 1.3, 0.9, 0.9]:
        switch.observe(loss)
        targets.append(switch.target)
    assert targets == ["discriminator"] * 2 + ["completion"] * 4 + ["discriminator"] * 3
    assert "1.100 > 1" in switch.reason


def test_switch_waits_for_a_full_window_after_switching():
    switch = TargetSwitch(window=3, low=0.5, high=1.0)
    for loss in (0.1, 0.1):
        switch.observe(loss)
    assert switch.target == "discriminator"
    switch.observe(0.1)
    assert switch.target == "completion"
    for loss in (2.0, 2.0):
        switch.observe(loss)
    assert switch.target == "completion"


def test_only_the_third_phase_is_observed():
    schedule = Schedule(1, 1, 5, switch=TargetSwitch(window=1, low=0.5, high=1.0))
    schedule.observe(1, 0.0)
    assert schedule.decide(2).target == "discriminator"
    schedule.observe(2, 0.0)
    decision = schedule.decide(3)
    assert decision.target == "completion"
    assert "0.000 < 0.5" in decision.reason


def test_state_round_trip():
    one, other = (Schedule(0, 0, 9, switch=TargetSwitch(window=2, low=0.5, high=1.0)) for _ in range(2))
    one.observe(0, 0.1)
    other.restore(one.state())
    for schedule in (one, other):
        schedule.observe(1, 0.1)
    assert one.state() == other.state()
    assert other.decide(2).target == "completion"


@pytest.mark.parametrize("values", [{"window": 0}, {"low": 2.0, "high": 1.0}])
def test_impossible_marks_are_refused(values):
    with pytest.raises(ValueError, match="expected"):
        TargetSwitch(**values)
