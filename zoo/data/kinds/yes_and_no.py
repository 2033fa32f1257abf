"""Columns of two words that say yes and no, in the languages that tables come in."""

from collections.abc import Iterable, Sequence

PAIRS = (
    {"no", "yes"},
    {"false", "true"},
    {"n", "y"},
    {"f", "t"},
    {"nein", "ja"},
    {"non", "oui"},
    {"no", "si"},
    {"no", "sí"},
    {"nee", "ja"},
    {"nej", "ja"},
    {"nie", "tak"},
    {"não", "sim"},
    {"ne", "ano"},
    {"ei", "kyllä"},
    {"nem", "igen"},
    {"hayır", "evet"},  # noqa: RUF001  its own letter
    {"όχι", "ναι"},  # noqa: RUF001  letters of Greek
    {"нет", "да"},
    {"否", "是"},
    {"falsch", "wahr"},
    {"faux", "vrai"},
    {"いいえ", "はい"},
    {"off", "on"},
)
YES = {"yes", "true", "y", "t", "ja", "oui", "si", "sí", "tak", "wahr", "vrai", "はい"}
YES |= {"on", "sim", "ano", "kyllä", "igen", "evet", "да", "是"}
YES |= {"ναι"}  # noqa: RUF001  one word of each pair


def are(words: Iterable[str]) -> bool:
    """Whether these different words are a pair, however they are capitalized."""
    return {word.lower() for word in words} in PAIRS


def place_of_yes(categories: Sequence[str]) -> int:
    """Which of two categories says yes: 0 or 1."""
    return next(i for i, each in enumerate(categories) if each.lower() in YES)


def spellings(categories: Sequence[str]) -> dict[str, int]:
    """The place of each small spelling of a pair, true, 1, false and 0 among them.

    {} for categories that are no pair.
    """
    if not are(categories):
        return {}
    yes = place_of_yes(categories)
    names = {each.lower(): i for i, each in enumerate(categories)}
    return {"true": yes, "1": yes, "false": 1 - yes, "0": 1 - yes, **names}
