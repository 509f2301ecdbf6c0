// Numbers as pictures beside each other: feature maps, filters, weights of pixels.
import { FittedCanvas } from './canvas.js';
import { GAP, paintPlanes, sizeThatFits, tile } from './maps.js';
import type { Planes } from './messages.js';

/** More are not told apart by anybody. */
const MOST = 256;

export interface PlanesViewProps {
  planes: Planes;
  label: string;
  /** About how wide one is, in pixels; from the least to the most, as large as all fit into `height`. */
  size: number | { least: number; most: number; height: number };
}

export function PlanesView({ planes, size, label }: PlanesViewProps) {
  const shown = Math.min(MOST, planes.count);
  const tiled = { ...planes, count: shown };
  const tilingIn = (space: number) => tile(tiled, { space, size: typeof size === 'number' ? size : sizeThatFits(tiled, { space, ...size }) });
  return (
    <>
      <FittedCanvas
        label={label} version={planes.values} heightOf={(space) => tilingIn(space).totalHeight}
        draw={(context, space, colors) => {
          const { width, height, count } = planes;
          const tiling = tilingIn(space);
          const all = new OffscreenCanvas(width, height * count);
          all.getContext('2d')!.putImageData(new ImageData(paintPlanes(planes, colors), width), 0, 0);
          context.imageSmoothingEnabled = false;
          for (let at = 0; at < shown; at += 1) {
            const [x, y] = [(at % tiling.columns) * (tiling.width + GAP), Math.floor(at / tiling.columns) * (tiling.height + GAP)];
            context.drawImage(all, 0, at * height, width, height, x, y, tiling.width, tiling.height);
          }
        }}
      />
      {planes.count > shown && <p class="muted small">The first {shown} of {planes.count}.</p>}
    </>
  );
}
