// The type and size of an image file from its first bytes, so that a huge one is refused before it is decoded.
// PNG: https://www.w3.org/TR/png-3/#11IHDR; JPEG: ITU-T T.81, B.2.2.

export interface ImageHeader {
  type: 'png' | 'jpeg';
  width: number;
  height: number;
}

const PNG_START = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Null when the bytes begin neither a PNG nor a JPEG, or end before the size. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | null {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (data.subarray(0, 8).equals(PNG_START)) {
    if (data.length < 24 || data.toString('latin1', 12, 16) !== 'IHDR') return null;
    return { type: 'png', width: data.readUInt32BE(16), height: data.readUInt32BE(20) };
  }
  if (data.length > 2 && data.readUInt16BE(0) === 0xffd8) return jpegHeader(data);
  return null;
}

/** Walks the segments to the first frame header. */
function jpegHeader(data: Buffer): ImageHeader | null {
  let at = 2;
  while (at + 4 <= data.length) {
    if (data[at] !== 0xff) return null;
    const marker = data[at + 1] ?? 0;
    if (marker === 0xff) {
      // Fill byte.
      at += 1;
    } else if (isFrame(marker)) {
      if (at + 9 > data.length) return null;
      return { type: 'jpeg', height: data.readUInt16BE(at + 5), width: data.readUInt16BE(at + 7) };
    } else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      // Markers without a segment.
      at += 2;
    } else {
      at += 2 + data.readUInt16BE(at + 2);
    }
  }
  return null;
}

/** SOF0 to SOF15 without DHT, JPG and DAC, which lie among them. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}
