// A canvas as wide as its place, painted anew when what is on it, its width or the colours change.
import { useEffect, useRef } from 'preact/hooks';
import { colorsOf } from '../../charts/paint.js';
import { paint } from '../../lib/theme.js';
import { useWidth } from '../../ui/use-width.js';
import { rgbOf, type MapColors } from './maps.js';

export interface CanvasProps {
  label: string;
  /** Of the whole, in CSS pixels, where there is so much space. */
  heightOf(space: number): number;
  /** In CSS pixels. */
  draw(context: CanvasRenderingContext2D, space: number, colors: MapColors & { line: string }): void;
  /** Something that changes with what is drawn. */
  version: unknown;
}

export function FittedCanvas({ label, heightOf, draw, version }: CanvasProps) {
  const [box, space] = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const height = space === 0 ? 0 : heightOf(space);
  const repaint = paint.value;
  useEffect(() => {
    if (space === 0) return;
    const ratio = devicePixelRatio;
    Object.assign(canvas.current!, { width: space * ratio, height: height * ratio });
    const context = canvas.current!.getContext('2d')!;
    context.scale(ratio, ratio);
    const { of } = colorsOf(canvas.current!);
    draw(context, space, { zero: rgbOf(of('var(--soft)')), positive: rgbOf(of('var(--train)')), negative: rgbOf(of('var(--validation)')), line: of('var(--axis)') });
  }, [version, space, height, repaint]);
  return <div ref={box} class="try-canvas"><canvas ref={canvas} role="img" aria-label={label} style={{ width: `${space}px`, height: `${height}px` }} /></div>;
}
