import pytest

from napari_swnn.core.numerics.machine_load import LoadMeter, measure_load


@pytest.mark.parametrize("share", [1.0, 0.5, 0.25, 0.001])
def test_the_load_is_what_threads_wait_for(share):
    """Each look at the clock takes 10 ms, of which the thread computes for a share; a tiny one is a bad moment."""
    times = {"wall": 0.0}

    def wall():
        times["wall"] += 0.01
        return times["wall"]

    assert measure_load(1, wall=wall, busy=lambda: share * times["wall"]) == pytest.approx(min(1 / share, 10), rel=0.1)


def test_the_load_is_that_of_the_last_minutes():
    meter = LoadMeter()
    assert meter.add(4.0, 0.0) == 4
    assert meter.add(1.0, 60.0) == pytest.approx(2 / 1.25)
    assert meter.add(2.0, 5000.0) == 2  # long ago does not count
