// The outputs of a layer without places: a bar for each unit, up for what is positive.
import { useMemo } from 'preact/hooks';
import { FittedCanvas } from './canvas.js';
import { greatest, type Rgb } from './maps.js';
import type { Planes } from './messages.js';
import { PlanesView } from './planes-view.js';

const HEIGHT = 56;
/** As bars; more are squares in rows. */
const MOST_BARS = 300;
const SQUARES_IN_A_ROW = 64;

export function UnitsView({ values, label }: { values: Float32Array; label: string }) {
  const squares = useMemo(() => (values.length > MOST_BARS ? asSquares(values) : null), [values]);
  if (squares !== null) return <PlanesView planes={squares} size={SQUARES_IN_A_ROW * 4} label={label} />;
  return <FittedCanvas label={label} version={values} heightOf={() => HEIGHT} draw={(context, space, colors) => drawBars(context, { values, space, colors })} />;
}

/** The last row may have fewer. */
function asSquares(values: Float32Array): Planes {
  const height = Math.ceil(values.length / SQUARES_IN_A_ROW);
  const padded = new Float32Array(height * SQUARES_IN_A_ROW).fill(NaN);
  padded.set(values);
  return { height, width: SQUARES_IN_A_ROW, count: 1, values: padded };
}

function drawBars(context: CanvasRenderingContext2D, { values, space, colors: { positive, negative, line } }: { values: Float32Array; space: number; colors: { positive: Rgb; negative: Rgb; line: string } }): void {
  const most = greatest(values) || 1;
  const base = values.some((value) => value < 0) ? HEIGHT / 2 : HEIGHT - 1;
  const room = base === HEIGHT / 2 ? HEIGHT / 2 - 1 : HEIGHT - 2;
  // No wider than a finger, no closer than one can tell apart.
  const pitch = Math.min(24, space / values.length);
  const width = Math.max(1, pitch - (pitch > 5 ? 2 : pitch > 2.5 ? 1 : 0));
  context.fillStyle = line;
  context.fillRect(0, base, pitch * values.length, 1);
  values.forEach((value, unit) => {
    const height = (Math.abs(value) / most) * room;
    if (!(height > 0)) return;
    context.fillStyle = `rgb(${(value < 0 ? negative : positive).join(' ')})`;
    context.fillRect(unit * pitch, value < 0 ? base + 1 : base - height, width, height);
  });
}
