"""The address of a request is what a trusted proxy saw, one customer is one address, and a page takes so many of it."""

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from doorstep.kernel.store.limits import Limit
from doorstep.kernel.values.reasons import TooMany
from doorstep.kernel.web.addresses import address_of, limited
from doorstep.kernel.web.problems import problem
from doorstep.kernel.web.routes import PUBLIC, page

TWICE = Limit("tryout.twice", times=2, per=timedelta(hours=1))


@page(PUBLIC)
@limited(TWICE)
def view(request, name):
    return HttpResponse(name)


def request(method="GET", *, peer="192.0.2.1", forwarded=None, path="/"):
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return RequestFactory(REMOTE_ADDR=peer, **headers).generic(method, path)


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "address"),
    [
        (0, "192.0.2.1", None, "192.0.2.1"),
        (0, "192.0.2.1", "203.0.113.7", "192.0.2.1"),
        (1, "127.0.0.1", "203.0.113.7", "203.0.113.7"),
        (1, "127.0.0.1", "198.51.100.9, 203.0.113.7", "203.0.113.7"),
        (2, "127.0.0.1", "198.51.100.9,203.0.113.7,10.0.0.2", "203.0.113.7"),
        (2, "127.0.0.1", "203.0.113.7", "203.0.113.7"),
        (1, "192.0.2.1", None, "192.0.2.1"),
        (1, "192.0.2.1", "unknown", "192.0.2.1"),
        (1, "192.0.2.1", "198.51.100.9, <script>", "192.0.2.1"),
        (0, "2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::/64"),
        (1, "::1", "2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        (0, "::ffff:203.0.113.7", None, "203.0.113.7"),
        (0, "", None, ""),
    ],
)
def test_the_address(settings, proxies, peer, forwarded, address):
    settings.PROXIES = proxies
    assert address_of(request(peer=peer, forwarded=forwarded)) == address


@pytest.mark.django_db
def test_a_page_takes_so_many_forms_of_an_address_and_any_number_of_looks():
    for _ in range(2):
        assert view(request("POST"), "x").content == b"x"
    with pytest.raises(TooMany):
        view(request("POST"), "x")
    assert view(request("POST", peer="192.0.2.2"), "x").status_code == 200
    assert [view(request("GET"), "x").status_code for _ in range(5)] == [200] * 5


@pytest.mark.django_db
def test_a_neighbour_in_the_same_64_is_the_same_customer():
    for peer in ("2001:db8::1", "2001:db8::2"):
        view(request("POST", peer=peer), "x")
    with pytest.raises(TooMany):
        view(request("POST", peer="2001:db8::3"), "x")


@pytest.mark.parametrize("path", ["/x", "/api/x"])
def test_too_many_is_429_with_the_waiting_time(path, request_in):
    from doorstep.kernel.values.reasons import TOO_MANY

    answer = problem(request(path=path), TooMany(TOO_MANY(minutes=3), retry_after=170))
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "170"
    if path.startswith("/api/"):
        assert b'"retry_after": 170' in answer.content
    else:
        assert "<bdi>3</bdi>" in answer.content.decode()
