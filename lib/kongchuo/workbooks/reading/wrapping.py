"""Files that an encryption agent on some computer has wrapped: nobody can read them elsewhere, and saving them again is no help."""

from __future__ import annotations

OLE2 = b"\xd0\xcf\x11\xe0"  # how old formats of Office begin, and locked new ones
_AGENTS = (
    b"%TSD-Header",
    b"E-SafeNet",
    b"LOCK",
    b"TIPTEK",
    b"GreenShield",
    b"LvDun",
    b"IP-guard",
    b"DRMONE",
)  # 亿赛通, 绿盾 and others
_OTHERS = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"{\\rtf", b"<", b"MZ", b"RIFF",
           b"II*\0", b"MM\0*", b"SQLite format")  # fmt: skip


def wrapped(data: bytes) -> bool:
    """Whether a file looks encrypted by an agent on the computer it was made on: by its mark, or like no format there is."""
    if data.startswith((b"PK", OLE2, *_OTHERS)) or not data.strip(b"\0"):
        return False
    if any(mark in data[:512] for mark in _AGENTS):
        return True
    head = data[:4096]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    odd = sum(byte < 9 or 13 < byte < 32 for byte in head)  # bytes that no text holds, in whatever coding
    return len(data) > 512 and 20 * odd > len(head) and len(set(head)) > 128
