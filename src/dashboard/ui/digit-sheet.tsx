// A sheet to draw a digit on, by pointer or by keys, with what a model sees of it.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from './button.js';
import { Drawing, SIZE, type Point } from './drawing.js';
import { GRID } from './grid.js';
import './digits.css';

const STEP = SIZE / GRID;
const MOVES: Record<string, readonly [number, number]> = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

interface Nib extends Point {
  down: boolean;
}

/** What can be done with a sheet from outside. */
export interface SheetHandle {
  /** A picture of 28 by 28, 0 to 255, in place of a drawing. */
  show(pixels: ArrayLike<number>): void;
}

export interface DigitSheetProps {
  /** Something was drawn. `look` answers `[28][28]`, 0 to 255, as a model is shown it; null where nothing is there. */
  onDraw(look: () => number[][] | null): void;
  onClear(): void;
  handle?: { current: SheetHandle | null };
  /** Further buttons beneath the sheet. */
  actions?: ComponentChildren;
}

export function DigitSheet({ onDraw, onClear, handle, actions }: DigitSheetProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const sight = useRef<HTMLCanvasElement>(null);
  const drawing = useRef<Drawing | null>(null);
  const last = useRef<Point | null>(null);
  const [nib, setNib] = useState<Nib>({ x: SIZE / 2, y: SIZE / 2, down: false });
  const [usesKeys, setUsesKeys] = useState(false);
  const sightContext = () => sight.current!.getContext('2d')!;

  useEffect(() => {
    drawing.current = new Drawing(canvas.current!);
    sightContext().fillRect(0, 0, GRID, GRID);
    if (handle === undefined) return;
    handle.current = {
      show(pixels) {
        drawing.current!.show(pixels);
        sightContext().drawImage(canvas.current!, 0, 0, GRID, GRID);
      },
    };
    return () => void (handle.current = null);
  }, []);

  function draw(from: Point, to: Point): void {
    drawing.current!.line(from, to);
    last.current = to;
    onDraw(() => (sight.current === null ? null : drawing.current!.pixels(sightContext())));
  }

  function clear(): void {
    drawing.current!.clear();
    sightContext().fillRect(0, 0, GRID, GRID);
    setNib((before) => ({ ...before, down: false }));
    onClear();
  }

  function onKeyDown(event: KeyboardEvent): void {
    const move = MOVES[event.key];
    if (move === undefined && event.key !== ' ' && event.key !== 'Delete') return;
    event.preventDefault();
    setUsesKeys(true);
    if (event.key === 'Delete') return clear();
    const within = (value: number) => Math.min(SIZE - STEP, Math.max(STEP, value));
    const next = { x: within(nib.x + (move?.[0] ?? 0)), y: within(nib.y + (move?.[1] ?? 0)), down: event.key === ' ' ? !nib.down : nib.down };
    if (next.down) draw(nib, next);
    last.current = null;
    setNib(next);
  }

  const placeOf = ({ offsetX, offsetY }: PointerEvent): Point => ({ x: (offsetX / canvas.current!.clientWidth) * SIZE, y: (offsetY / canvas.current!.clientHeight) * SIZE });
  const onPointerDown = (event: PointerEvent) => {
    canvas.current!.setPointerCapture(event.pointerId);
    setUsesKeys(false);
    draw(placeOf(event), placeOf(event));
  };
  const onPointerMove = (event: PointerEvent) => {
    for (const part of [...(event.getCoalescedEvents?.() ?? []), event]) if (last.current !== null) draw(last.current, placeOf(part));
  };
  const lift = () => void (last.current = null);
  return (
    <div>
      <div class="sheet">
        <canvas
          ref={canvas} class="pad" width={SIZE} height={SIZE} tabIndex={0} role="img" aria-label="Drawing pad. Draw with the pointer; or with the arrow keys, Space to lower and lift the pen, Delete to clear."
          onPointerDown={onPointerDown} onPointerMove={onPointerMove} onPointerUp={lift} onPointerCancel={lift} onKeyDown={onKeyDown} onBlur={() => setUsesKeys(false)}
        />
        {usesKeys && <i class="nib" data-down={nib.down || undefined} aria-hidden="true" style={{ left: `${(nib.x / SIZE) * 100}%`, top: `${(nib.y / SIZE) * 100}%` }} />}
      </div>
      <div class="under-pad"><canvas ref={sight} class="sight" width={GRID} height={GRID} aria-hidden="true" /><span class="muted small">what the model sees</span><Button quiet onClick={clear}>Clear</Button></div>
      {actions}
    </div>
  );
}
