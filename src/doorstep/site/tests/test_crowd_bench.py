"""What the bench of the crowd says of those who came."""

from doorstep.site.benches.crowd import SIGNED_IN, Came, measures


def test_first_answers_are_told_apart_from_repeated_ones_and_from_those_signed_in():
    came = [
        Came("first", "page", 0.1, True),
        Came("first", "place", 0.3, True),
        Came("again", "place", 0.1, True),
        Came("again", "page", 0.1, True),
        Came("again", "ConnectionResetError", 9.0, True),
        Came("sign in", SIGNED_IN, 0.2, True),
        Came("sign in", SIGNED_IN, 0.2, False),
        Came("sign in", "signed in 422", 0.2, True),
    ]
    found = {one.name: (one.figure, one.rows) for one in measures(came, 1.0)}
    assert found == {
        "crowd.answered": (3 / 5, 4),
        "crowd.first": (1 / 2, 2),
        "crowd.again": (2 / 3, 2),
        "crowd.signed_in": (1, 1),
    }


def test_an_evening_on_which_nobody_waits():
    found = {one.name: one for one in measures([Came("first", "page", 0.1, True)], 1.0)}
    assert (found["crowd.first"].figure, found["crowd.again"].figure, found["crowd.again"].p50_ms) == (1.0, 0.0, None)
