"""The benchmark of settings: what is trained, how long, and what is kept."""

import time

import pytest
from small_sets import write_sets

from benchmarks import settings
from benchmarks.settings import AGAINST, AS_IT_IS, AVERAGING, PRIOR, for_minutes
from benchmarks.short_runs import read_kept


def test_time_is_what_the_process_computes(monkeypatch):
    clock = iter(range(0, 1000, 20))
    monkeypatch.setattr(time, "process_time", lambda: next(clock))
    assert list(for_minutes(range(100), 1)) == [0, 1, 2]
    assert list(for_minutes(range(100), 0)) == [0]


@pytest.fixture
def run(monkeypatch, tmp_path):
    homes, real = write_sets(tmp_path)
    short = {
        "photographs": {AS_IT_IS: {}, AVERAGING: None},
        "panoramas": {
            AS_IT_IS: {},
            AVERAGING: None,
            "layout head": {"layout": True},
            "gradients of two": {"gradient_accumulation_steps": 2},
        },
        AGAINST: {AS_IT_IS: {}},
    }
    monkeypatch.setattr(settings, "VARIANTS", short)
    return lambda only=None: settings.main(homes, real, real, tmp_path / "run", minutes=0, only=only)


def test_variants_are_trained_compared_and_kept(run, tmp_path, capsys):
    run(["layout"])
    asked = {row["name"] for row in read_kept(tmp_path / "run" / "scores")}
    run()
    table = capsys.readouterr().out
    scores = {row["name"]: row for row in read_kept(tmp_path / "run" / "scores")}
    trained = [f"{stage}: {name}" for stage, variants in settings.VARIANTS.items() for name in variants]
    assert scores.keys() == {PRIOR, *trained}
    assert [scores[f"{stage}: {AS_IT_IS}"]["pictures"] for stage in ("photographs", "panoramas")] == [16, 6]
    assert scores.keys() - asked == {"panoramas: gradients of two"}
    assert scores["panoramas: gradients of two"]["pictures"] == 12
    assert scores[f"{AGAINST}: {AS_IT_IS}"]["discriminator"] > 0
    assert "discriminator" not in scores[f"panoramas: {AS_IT_IS}"]
    assert "homes_layout" in scores["panoramas: layout head"]
    assert all(name in table for name in scores) and "real_over_prior" in table

    files = sorted((tmp_path / "run" / "scores").glob("*.json"))
    before = [path.stat().st_mtime_ns for path in files]
    (lost := tmp_path / "run" / "scores" / "prior.json").unlink()
    run()
    after = [path.stat().st_mtime_ns for path in files]
    assert [path for path, new, old in zip(files, after, before, strict=True) if new != old] == [lost]
