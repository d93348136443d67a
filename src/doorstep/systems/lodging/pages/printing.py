"""Names in documents: printed as they are where the fonts have their letters, else by the passport's Latin spelling."""

from doorstep.kernel.documents import covers

_known: dict[str, bool] = {}
"""Characters asked so far; asking takes milliseconds, and a few hundred occur."""


def printable(text: str, latin: str = "") -> str:
    """`text` if the documents' fonts have all of it, else `latin` if they have that, else what they have of `text`.

    Names in other scripts are notified with their Latin spelling only (`rules.names`), so that a name is never cut; the
    name of a house may lose a picture. Isolated, see there.
    """
    for each in (text, latin):
        if each and not _missing(each):
            return isolated(each)
    missing = _missing(text)
    return isolated("".join(character for character in text if character not in missing).strip())


def isolated(text: str) -> str:
    """Between isolates (UAX 9), as `<bdi>` does in pages: what stands around cannot reorder it."""
    return f"\u2068{text}\u2069" if text else ""


def _missing(text: str) -> set[str]:
    """The characters of the text that no font has; all unknown ones are asked for at once, since they mostly are there."""
    if unknown := {character for character in text if character not in _known}:
        together = covers("".join(sorted(unknown)))
        _known.update({character: together or covers(character) for character in unknown})
    return {character for character in text if not _known[character]}
