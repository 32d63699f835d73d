"""Bodies that are compressed, in both of ClickHouse's ways.

`decompress=1` and `compress=1` speak of ClickHouse's own frames: a checksum (CityHash128 of version
1.0.2, 16 bytes), the method, the sizes with and without compression, and the data. The other way is
HTTP's: Content-Encoding, and Accept-Encoding where `enable_http_compression` is on.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zlib

import lz4.block
import lz4.frame
import zstandard
from clickhouse_cityhash.cityhash import CityHash128

import errors

_NONE, _LZ4, _ZSTD = 0x02, 0x82, 0x90
_HEADER = struct.Struct("<BII")
_CHECKSUM_SIZE = 16
_ZSTD_LEVEL = 3
# As the server's write buffer.
_BLOCK_SIZE = 1024 * 1024
# The largest block that a server takes.
_BLOCK_SIZE_MAX = 1024 * 1024 * 1024

# In the order in which a server prefers them.
_ACCEPTED = ("zstd", "lz4", "gzip", "deflate", "xz", "bz2")


class Frames:
    """Writes ClickHouse's frames by the setting `network_compression_method`; since 26.9 its default is ZSTD."""

    def __init__(self, method: str):
        methods = {"LZ4": _LZ4, "ZSTD": _ZSTD, "NONE": _NONE}
        if method.upper() not in methods:
            raise errors.error(
                errors.BAD_ARGUMENTS,
                f"network_compression_method '{method}' is not one of {', '.join(methods)}, which are supported here",
            )
        self._method = methods[method.upper()]

    def pack(self, data: bytes) -> bytes:
        return b"".join(self._frame(data[begin : begin + _BLOCK_SIZE]) for begin in range(0, len(data), _BLOCK_SIZE))

    def _frame(self, block: bytes) -> bytes:
        if self._method == _LZ4:
            packed = lz4.block.compress(block, store_size=False)
        elif self._method == _ZSTD:
            packed = zstandard.ZstdCompressor(_ZSTD_LEVEL).compress(block)
        else:
            packed = block
        checked = _HEADER.pack(self._method, _HEADER.size + len(packed), len(block)) + packed
        return _checksum(checked) + checked


def from_frames(data: bytes, size_max: int) -> bytes:
    """Out of ClickHouse's frames, each checked."""
    blocks, size, at, first = [], 0, 0, None
    while at < len(data):
        begin = at + _CHECKSUM_SIZE
        if begin + _HEADER.size > len(data):
            raise errors.error(errors.CANNOT_DECOMPRESS, "Cannot decompress: the body ends within a frame's header")
        method, packed_size, block_size = _HEADER.unpack_from(data, begin)
        if packed_size < _HEADER.size or packed_size > _BLOCK_SIZE_MAX or block_size > _BLOCK_SIZE_MAX:
            raise errors.error(
                errors.TOO_LARGE_SIZE_COMPRESSED,
                f"Too large size_compressed_without_checksum: {packed_size}. Most likely corrupted data",
            )
        at = begin + packed_size
        if at > len(data):
            raise errors.error(errors.CANNOT_DECOMPRESS, "Cannot decompress: the body ends within a frame")
        if _checksum(data[begin:at]) != data[begin - _CHECKSUM_SIZE : begin]:
            raise errors.error(
                errors.CHECKSUM_DOESNT_MATCH,
                f"Checksum doesn't match: corrupted data. Size of compressed block: {packed_size}",
            )
        if first is not None and method != first:
            raise errors.error(
                errors.CANNOT_DECOMPRESS,
                f"Data compressed with different methods, given method byte 0x{method:x}, "
                f"previous method byte 0x{first:x}",
            )
        first = method
        size += block_size
        if size > size_max:
            raise _too_large(size_max)
        blocks.append(_unpacked(method, data[begin + _HEADER.size : at], block_size))
    return b"".join(blocks)


def _unpacked(method: int, packed: bytes, size: int) -> bytes:
    try:
        if method == _LZ4:
            block = lz4.block.decompress(packed, uncompressed_size=size)
        elif method == _ZSTD:
            block = zstandard.ZstdDecompressor().decompress(packed, max_output_size=size)
        elif method == _NONE:
            block = packed
        else:
            raise errors.error(errors.UNKNOWN_CODEC, f"Unknown codec family code: {method}")
    except (lz4.block.LZ4BlockError, zstandard.ZstdError, ValueError) as reason:
        raise errors.error(errors.CANNOT_DECOMPRESS, f"Cannot decompress: {reason}") from None
    if len(block) != size:
        raise errors.error(
            errors.CANNOT_DECOMPRESS, f"Cannot decompress: the frame says {size} bytes and holds {len(block)}"
        )
    return block


def _checksum(data: bytes) -> bytes:
    # The number's high half is the hash's first word.
    number = CityHash128(data)
    return struct.pack("<QQ", number >> 64, number & 0xFFFF_FFFF_FFFF_FFFF)


def decoded(data: bytes, encoding: str, size_max: int) -> bytes:
    """Out of an HTTP Content-Encoding."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return data
    try:
        if encoding in ("gzip", "x-gzip"):
            return _read(zlib.decompressobj(16 + zlib.MAX_WBITS), data, size_max)
        if encoding == "deflate":
            return _read(zlib.decompressobj(), data, size_max)
        if encoding == "xz":
            return _read(lzma.LZMADecompressor(), data, size_max)
        if encoding == "bz2":
            return _read(bz2.BZ2Decompressor(), data, size_max)
        if encoding == "lz4":
            return _read(lz4.frame.LZ4FrameDecompressor(), data, size_max)
        if encoding == "zstd":
            return _read(_Zstd(), data, size_max)
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, RuntimeError, zstandard.ZstdError) as reason:
        raise errors.error(errors.ZLIB_INFLATE_FAILED, f"Cannot read the body as {encoding}: {reason}") from None
    raise errors.error(
        errors.NOT_IMPLEMENTED,
        f"Unknown compression method '{encoding}'. Only 'gzip', 'deflate', 'xz', 'bz2', 'lz4', 'zstd' are "
        "supported here as compression methods",
    )


def _read(decoder, data: bytes, size_max: int) -> bytes:
    out = decoder.decompress(data, size_max + 1)
    if len(out) > size_max:
        raise _too_large(size_max)
    if not decoder.eof:
        raise EOFError("it ends too early")
    return out


class _Zstd:
    """As the others decompress: no more than asked for, and whether the end was there."""

    eof = False

    def decompress(self, data: bytes, size_max: int) -> bytes:
        out = zstandard.ZstdDecompressor().stream_reader(data).read(size_max)
        if len(out) < size_max:
            decoder = zstandard.ZstdDecompressor().decompressobj()
            decoder.decompress(data)
            self.eof = decoder.eof
        return out


def _too_large(size_max: int) -> errors.ClickHouseError:
    return errors.error(
        errors.QUERY_IS_TOO_LARGE, f"The body is larger than {size_max} bytes, the most that is taken here"
    )


def accepted(header: str) -> str | None:
    """The Content-Encoding for an answer, out of what Accept-Encoding names."""
    return next((encoding for encoding in _ACCEPTED if encoding in header.lower()), None)


def encoded(data: bytes, encoding: str) -> bytes:
    if encoding == "gzip":
        return gzip.compress(data, 3)
    if encoding == "deflate":
        return zlib.compress(data, 3)
    if encoding == "xz":
        return lzma.compress(data)
    if encoding == "bz2":
        return bz2.compress(data)
    if encoding == "lz4":
        return lz4.frame.compress(data)
    return zstandard.ZstdCompressor().compress(data)
