"""Names in documents: printed as they are where the fonts have their letters, else by the passport's Latin spelling."""

from doorstep.kernel.documents import covers

_known: dict[str, bool] = {}
"""Characters asked so far; asking takes milliseconds, and a few hundred occur."""


def printable(text: str, latin: str = "") -> str:
    """`text` if the documents' fonts have all of it, else `latin` if they have that, else what they have of `text`.

    Names in other scripts are notified with their Latin spelling only (`rules.names`), so that a name is never cut; the
    name of a house may lose a picture.
    """
    for each in (text, latin):
        if each and all(_printable(character) for character in each):
            return each
    return "".join(character for character in text if _printable(character)).strip()


def _printable(character: str) -> bool:
    if character not in _known:
        _known[character] = covers(character)
    return _known[character]
