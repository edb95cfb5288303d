import threading

import pytest

from cli.datasets.parallel import each


def test_results_come_in_the_order_of_the_pieces():
    barrier = threading.Barrier(4)

    def work(piece):
        barrier.wait(5)  # all four at the same time
        return piece * 10

    assert list(each(work, [3, 1, 2, 0], 4)) == [30, 10, 20, 0]


def test_a_piece_that_fails_stops_those_that_were_not_begun_though_an_earlier_one_still_works():
    begun, failed = [], threading.Event()

    def work(piece):
        begun.append(piece)
        if piece == 0:
            failed.wait(5)
        elif piece == 1:
            failed.set()
            raise OSError("no room")
        elif piece > 1:
            threading.Event().wait(0.01)

    with pytest.raises(OSError, match="no room"):
        list(each(work, range(1000), 2))
    assert len(begun) < 100
