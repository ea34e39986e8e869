"""Days in one-second steps, by name and from a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadstone.arrivals.day import DAY_S, day_of
from loadstone.errors import BadValue


@pytest.mark.parametrize("shape", ["office-hours", "flat", "spiky"])
def test_a_day_has_a_share_of_its_peak_for_every_second(shape: str) -> None:
    """86,400 shares, the highest of them 1."""
    day = day_of(shape)
    assert len(day) == DAY_S
    assert day.max() == pytest.approx(1.0, abs=1e-3)
    assert day.min() > 0


def test_offices_sleep_at_night() -> None:
    """At 3 o'clock a twentieth of what 10 o'clock asks for."""
    day = day_of("office-hours")
    assert day[3 * 3600] == pytest.approx(0.05)
    assert day[10 * 3600] == pytest.approx(1.0, abs=1e-3)


def test_spikes_come_every_hour() -> None:
    """Five minutes of the peak, and the rest of the hour a fifth of it."""
    day = day_of("spiky").reshape(24, 3600)
    assert (day[0] == day[23]).all()
    assert (day[0] > 0.999).sum() == pytest.approx(300, abs=2)
    assert day[0, 1800] == pytest.approx(0.2)


def test_a_file_is_a_day_of_its_own(tmp_path: Path) -> None:
    """Straight lines between its rows, the last one to the end, as shares of the highest."""
    path = tmp_path / "day.csv"
    path.write_text("time,rate\n0,100\n3600,300\n7200,200\n")
    day = day_of(str(path))
    assert day[1800] == pytest.approx(200 / 300, rel=1e-3)
    assert day[3599] == pytest.approx(1.0, rel=1e-3)
    assert day[-1] == pytest.approx(200 / 300, rel=1e-3)


def test_an_unknown_day_is_refused_with_those_there_are() -> None:
    """A person who mistypes learns the names."""
    with pytest.raises(BadValue, match="office-hours, flat, spiky"):
        day_of("weekend")
