import pytest

from napari_swnn.core.numerics.machine_load import measure_load


@pytest.mark.parametrize("share", [1.0, 0.5, 0.25])
def test_the_load_is_what_threads_wait_for(share):
    """Each look at the clock takes 10 ms, of which the thread computes for a share."""
    times = {"wall": 0.0}

    def wall():
        times["wall"] += 0.01
        return times["wall"]

    assert measure_load(1, wall=wall, busy=lambda: share * times["wall"]) == pytest.approx(1 / share, rel=0.1)
