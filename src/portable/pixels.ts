// Pictures as planes of numbers: fitted to a size, with their proportions kept.

/** `data` is row-major `[height, width, channels]`, 0 to 255. */
export interface Pixels {
  width: number;
  height: number;
  channels: number;
  data: Float32Array;
}

/** The mean of each channel over the outermost pixels. */
export function borderMeans({ width, height, channels, data }: Pixels): number[] {
  const sums = new Array<number>(channels).fill(0);
  let count = 0;
  const add = (x: number, y: number) => {
    for (let channel = 0; channel < channels; channel += 1) sums[channel] = (sums[channel] ?? 0) + (data[(y * width + x) * channels + channel] ?? 0);
    count += 1;
  };
  for (let y = 0; y < height; y += 1) {
    if (y === 0 || y === height - 1) for (let x = 0; x < width; x += 1) add(x, y);
    else {
      add(0, y);
      if (width > 1) add(width - 1, y);
    }
  }
  return sums.map((sum) => sum / count);
}

/** Scaled to lie in the middle of the new size as large as it fits; the rest gets the colour of its border. */
export function fit(pixels: Pixels, { width, height }: { width: number; height: number }): Pixels {
  const scale = Math.min(width / pixels.width, height / pixels.height);
  const inner = resize(pixels, {
    width: Math.min(width, Math.max(1, Math.round(pixels.width * scale))),
    height: Math.min(height, Math.max(1, Math.round(pixels.height * scale))),
  });
  const { channels } = pixels;
  const left = Math.floor((width - inner.width) / 2);
  const top = Math.floor((height - inner.height) / 2);
  const ground = borderMeans(pixels);
  const data = Float32Array.from({ length: width * height * channels }, (_, index) => ground[index % channels] ?? 0);
  for (let y = 0; y < inner.height; y += 1) {
    const row = inner.data.subarray(y * inner.width * channels, (y + 1) * inner.width * channels);
    data.set(row, ((top + y) * width + left) * channels);
  }
  return { width, height, channels, data };
}

/** Bilinear when enlarging; when shrinking, every pixel of the source counts (no aliasing). */
export function resize(pixels: Pixels, to: { width: number; height: number }): Pixels {
  return alongHeight(alongWidth(pixels, to.width), to.height);
}

interface Taps {
  start: number;
  weights: number[];
}

/** For each new position, the old ones that it is made of: a triangle as wide as the step between them. */
function tapsFor(from: number, to: number): Taps[] {
  const step = from / to;
  const radius = Math.max(1, step);
  return Array.from({ length: to }, (_, position) => {
    const centre = (position + 0.5) * step - 0.5;
    const start = Math.max(0, Math.ceil(centre - radius));
    const end = Math.min(from - 1, Math.floor(centre + radius));
    const raw = Array.from({ length: end - start + 1 }, (_, index) => Math.max(0, 1 - Math.abs(start + index - centre) / radius));
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return { start, weights: raw.map((weight) => weight / sum) };
  });
}

function alongWidth({ width, height, channels, data }: Pixels, newWidth: number): Pixels {
  const out = new Float32Array(newWidth * height * channels);
  tapsFor(width, newWidth).forEach(({ start, weights }, x) => {
    for (let y = 0; y < height; y += 1) {
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = 0;
        for (let tap = 0; tap < weights.length; tap += 1) sum += (weights[tap] ?? 0) * (data[(y * width + start + tap) * channels + channel] ?? 0);
        out[(y * newWidth + x) * channels + channel] = sum;
      }
    }
  });
  return { width: newWidth, height, channels, data: out };
}

function alongHeight({ width, height, channels, data }: Pixels, newHeight: number): Pixels {
  const rowSize = width * channels;
  const out = new Float32Array(newHeight * rowSize);
  tapsFor(height, newHeight).forEach(({ start, weights }, y) => {
    weights.forEach((weight, tap) => {
      const from = (start + tap) * rowSize;
      for (let index = 0; index < rowSize; index += 1) out[y * rowSize + index] = (out[y * rowSize + index] ?? 0) + weight * (data[from + index] ?? 0);
    });
  });
  return { width, height: newHeight, channels, data: out };
}
