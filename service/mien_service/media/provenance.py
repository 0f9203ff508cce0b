"""The mark of an edited picture: IPTC's DigitalSourceType in an XMP packet."""

import io
import re

from PIL import Image

DIGITAL_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC NewsCodes: elements of generative AI composited with another picture, as by inpainting."""

AI_EDITED_XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
    f"<Iptc4xmpExt:DigitalSourceType>{DIGITAL_SOURCE_TYPE}</Iptc4xmpExt:DigitalSourceType>"
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
    '<?xpacket end="r"?>'
).encode()
"""The XMP packet that says so (IPTC Photo Metadata Standard; XMP part 1, ISO 16684-1)."""

_VALUE = re.compile(rb"""Iptc4xmpExt:DigitalSourceType(?:>|=["'])\s*([^<"'\s]+)""")


def digital_source_type(body: bytes) -> str | None:
    """Return the DigitalSourceType that the picture's XMP declares, None without one.

    For pictures of our own making: Pillow opens `body`, which must be a picture, without limits.
    """
    with Image.open(io.BytesIO(body)) as picture:
        packet = picture.info.get("xmp", b"")
    found = _VALUE.search(packet)
    return found[1].decode() if found else None
