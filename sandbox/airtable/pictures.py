"""Width and height of attached pictures, and the thumbnails that follow from them."""

from __future__ import annotations

import io
import struct
from typing import Any

import imagesize

#: How PNG, JPEG, GIF and WebP begin. Whatever else the library reads, SVG for one, is no picture here.
_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"RIFF")
#: Pixels: the height of the small thumbnail, and the shorter side of the large one.
_SMALL, _LARGE = 36, 512


def picture_size(content: bytes) -> dict[str, int]:
    """`width` and `height` in pixels as the file says, empty for what is no picture or a broken one."""
    if not content.startswith(_SIGNATURES):
        return {}
    try:
        width, height = imagesize.get(io.BytesIO(content))
    except (ValueError, struct.error, IndexError, OverflowError):
        return {}
    return {"width": width, "height": height} if width > 0 and height > 0 else {}


def thumbnails(width: int, height: int, url: str) -> dict[str, Any]:
    """In the sizes that Airtable gives; each URL serves the picture itself, as large as it is."""
    shorter = min(width, height)
    sizes = {
        "small": (round(width * _SMALL / height), _SMALL),
        "large": (round(width * _LARGE / shorter), round(height * _LARGE / shorter)),
        "full": (width, height),
    }
    return {
        name: {"url": f"{url}?thumbnail={name}", "width": max(1, wide), "height": max(1, high)}
        for name, (wide, high) in sizes.items()
    }
