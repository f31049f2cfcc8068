"""Names of users: which are taken, and when two of them are, or look, the same.

After Unicode's rules for identifiers that people read (UTS 39): one script per name, no
compatibility forms, and no two names with the same look. The table of look-alikes is the part of
UTS 39's confusables that these rules leave possible: Greek and Cyrillic letters that look like
Latin ones, and digits that look like letters.
"""

import unicodedata

from medmm.errors import InputError

SHORTEST, LONGEST = 2, 64
_SIGNS = "._-"
_DIGITS = "0123456789"
_LETTERS = frozenset({"Lu", "Ll", "Lt", "Lo"})
# Scripts that are written together; unicodedata's names begin with the script's.
_TOGETHER = {"HIRAGANA": "JAPANESE", "KATAKANA": "JAPANESE", "CJK": "JAPANESE"}
# What Cyrillic, Greek and a few other letters look like in Latin: small ones as they are, capital
# ones as small letters, since they look like other letters than their small forms do.
_SMALL = str.maketrans(
    "асԁеһіјӏкмоԛрѕтухѡԝ" + "αβεγηικνορτυχϲω" + "ı01",
    "acdehijlkmoqpstyxww" + "abeynikvoptuxcw" + "iol",
)
_CAPITAL = str.maketrans(
    "АВСЕНІЈКМОРЅТУХԜ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹ", "abcehijkmopstyxw" + "abezhikmnoptyxc"
)


def checked(name: str) -> str:
    """The name as it is kept (composed, NFC).

    Raises:
        InputError: it is too short or long, or has signs, or letters of several scripts.
    """
    composed = unicodedata.normalize("NFC", name)
    if not SHORTEST <= len(composed) <= LONGEST:
        raise _refusal(f"A user's name has {SHORTEST} to {LONGEST} characters.")
    scripts = set()
    for character in composed:
        if character in _SIGNS or character in _DIGITS:
            continue
        if unicodedata.category(character) not in _LETTERS:
            raise _refusal("A user's name has letters, the digits 0 to 9 and . _ - only.")
        script = unicodedata.name(character, "").split(" ")[0]
        scripts.add(_TOGETHER.get(script, script))
    if unicodedata.normalize("NFKC", composed) != composed or len(scripts) > 1:
        raise _refusal("A user's name is in the plain letters of one script.")
    if composed[0] in _SIGNS or not any(character.isalpha() for character in composed):
        raise _refusal("A user's name begins with a letter or digit and has a letter.")
    return composed


def key(name: str) -> str:
    """What a user is found by: the name without case, in one form."""
    folded = unicodedata.normalize("NFC", name).casefold()
    return unicodedata.normalize("NFC", folded)


def skeleton(name: str) -> str:
    """What a name looks like; two users may not have the same."""
    composed = unicodedata.normalize("NFC", name)
    # Capital I and small l are one stroke, so i goes with l, in capitals and small letters alike.
    return key(composed.translate(_CAPITAL).translate(_SMALL)).replace("i", "l")


def _refusal(message: str) -> InputError:
    return InputError(message, "Choose another name.", code="user-name")
