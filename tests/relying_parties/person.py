"""The person's part without a browser, for relying parties in Python: as `person.mjs` does it."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

FORM = re.compile(r"<form([^>]*)>(.*?)</form>", re.DOTALL)
FIELD = re.compile(r"<(?:input|button)([^>]*)>")
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
SIGNS = re.compile(r"(<[^>]*>|\s)+")
REFRESH = re.compile(r'http-equiv="refresh" content="0;url=([^"]*)"')


class Person:
    """Follows redirects on the provider's host, signs in with the password, agrees to what it is asked."""

    def __init__(self, login: str, password: str) -> None:
        self.says = {"login": login, "password": password}
        self.browser = requests.Session()
        self.browser.headers["Accept-Language"] = "en"
        self.asked: list[str] = []

    def visit(self, address: str, *, given: tuple[str, ...] = (), posting: bool = False) -> str:
        """The address at which the relying party gets its visitor back.

        With `posting` the relying party sends its visitor by a form, as Core 3.1.2.1 allows.
        """
        self.asked = []
        where, _, query = address.partition("?")
        page = self._open(where, parse_qs(query)) if posting else self._open(address)
        while isinstance(page, requests.Response):
            page = self._answer(page, {"given": given, "answer": "yes"})
        return page

    def _answer(self, page: requests.Response, agreed: dict[str, Any]) -> requests.Response | str:
        says = {"password": self.says, "answer": agreed}
        for head, body in FORM.findall(page.text):
            fields = [_attributes(told) for told in FIELD.findall(body)]
            question = next(
                (one["name"] for one in fields if one.get("name") in says and one["type"] != "hidden"), None
            )
            if question:
                self.asked.append(question)
                hidden = {one["name"]: one.get("value", "") for one in fields if one["type"] == "hidden"}
                return self._open(urljoin(page.url, _attributes(head).get("action", "")), hidden | says[question])
        raise AssertionError(f"{page.status_code} at {page.url}: {SIGNS.sub(' ', page.text)[:1000]}")

    def _open(self, address: str, told: dict[str, Any] | None = None) -> requests.Response | str:
        method = "GET" if told is None else "POST"
        page = self.browser.request(method, address, data=told, allow_redirects=False, timeout=20)
        refresh = REFRESH.search(page.text)
        onward = page.headers.get("Location") or (unescape(refresh[1]) if refresh else "")
        if not onward:
            return page
        onward = urljoin(address, onward)
        return self._open(onward) if urlsplit(onward).netloc == urlsplit(address).netloc else onward


def _attributes(told: str) -> dict[str, str]:
    return {name: unescape(text) for name, text in ATTRIBUTE.findall(told)}
