"""Papers seen as a person sees them: their dots at 150 dpi."""

import subprocess
from io import BytesIO

from PIL import Image, ImageChops


def dots(content: bytes, page: int = 1) -> Image.Image:
    command = ["pdftoppm", "-r", "150", "-gray", "-f", str(page), "-l", str(page), "-"]
    return Image.open(BytesIO(subprocess.run(command, input=content, capture_output=True, check=True).stdout))


def differing_dots(one: bytes, other: bytes, page: int = 1) -> int:
    """How many dots of the page are plainly different; another size of paper is all of them."""
    first, second = dots(one, page), dots(other, page)
    if first.size != second.size:
        return first.width * first.height
    return sum(ImageChops.difference(first, second).histogram()[64:])
