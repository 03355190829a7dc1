"""Decodes the frames of one link as discord.py does, and compares with the texts."""

import json
import struct
import sys
import zlib


def records(path):
    data = open(path, "rb").read()
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at)
        yield data[at + 4 : at + 4 + length]
        at += 4 + length


def decoder(wire):
    if wire == "payload":
        return zlib.decompress
    if wire == "zlib-stream":
        context = zlib.decompressobj()

        def inflate(frame):
            assert frame[-4:] == b"\x00\x00\xff\xff"
            return context.decompress(frame)

        return inflate
    import zstandard

    return zstandard.ZstdDecompressor().decompressobj().decompress


wire, frames, texts = sys.argv[1:]
decode = decoder(wire)
right = 0
for frame, text in zip(records(frames), records(texts), strict=True):
    decoded = decode(frame)
    assert decoded == text, f"message {right}"
    json.loads(decoded)
    right += 1
print(right, "right")
