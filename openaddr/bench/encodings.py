"""Which encoding a text most likely has, among those that real sources name.

General detectors were tried (charset-normalizer 3.5, chardet 7.7). Tables have few letters that are not ASCII, and they
took French for Esperanto and German for Turkish; what publishers of addresses use is a short list.
"""

import codecs
import re

LOOKED_AT = 1 << 18
HAN, HANGUL = r"[\u4e00-\u9fff]", r"[\uac00-\ud7a3]"
KANA_OR_HAN = r"[\u3040-\u30ff\u4e00-\u9fff\u3000-\u303f\uff00-\uff60]"
IN_TWO_BYTES = (
    ("SHIFT_JISX0213", KANA_OR_HAN),
    ("CP932", KANA_OR_HAN),
    ("EUC-KR", HANGUL),
    ("CP949", HANGUL),
    ("BIG5", HAN),
    ("GB18030", HAN),
)
"""Encodings with what most letters beyond ASCII have to be: bytes of another one decode too, into rare letters."""
MOST = 0.8
TOGETHER = re.compile(rb"[\x80-\xff]{2,}")
CYRILLIC = re.compile(rb"[\xc0-\xff\xa8\xb8\xb2\xb3\xba\xbf\xaf]{3,}")
POLISH_TO_ROMANIAN = re.compile(rb"[a-z][\xb3\xb9\xbf\x9f\x9a\x9e\x9d]|[\xa3\xaf\x8a\x8e\x8f\xa5][a-z]")
"""Bytes that are letters in Windows-1250, and signs such as ³ in ISO-8859-1, where they do not touch letters."""
WINDOWS = re.compile(rb"[\x80-\x9f]")


def encoding_of(start: bytes) -> str | None:
    """The name of the encoding of a text from its first bytes; None where it is UTF-8 or says by a mark what it is."""
    start = start[:LOOKED_AT]
    if start.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _decodes(start, "utf-8"):
        return None
    beyond = sum(byte > 0x7F for byte in start)
    # Letters with accents stand between others; those of two bytes stand together.
    in_pairs = sum(map(len, TOGETHER.findall(start))) > beyond / 2
    for name, letters in IN_TWO_BYTES if in_pairs else ():
        if _decodes(start, name) and _share(start, name, letters) >= MOST:
            return name
    if sum(map(len, CYRILLIC.findall(start))) > beyond / 2:
        return "CP1251"
    if len(POLISH_TO_ROMANIAN.findall(start)) > beyond / 10:
        return "CP1250"
    return "CP1252" if WINDOWS.search(start) else "ISO-8859-1"


def _decodes(start: bytes, name: str) -> bool:
    """Whether the bytes are text in the encoding; the last character may be cut."""
    try:
        codecs.getincrementaldecoder(name)().decode(start)
    except UnicodeDecodeError:
        return False
    return True


def _share(start: bytes, name: str, letters: str) -> float:
    beyond = [letter for letter in codecs.getincrementaldecoder(name)().decode(start) if letter > "\x7f"]
    return len(re.findall(letters, "".join(beyond))) / len(beyond) if beyond else 0.0
