// A pad to draw a digit on, by pointer or by keys, and the answer beside it.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { Button } from '../../ui/button.js';
import { ErrorNote } from '../../ui/surfaces.js';
import { Drawing, GRID, SIZE, type Point } from './drawing.js';
import './digit-pad.css';

const ASK_AFTER_MS = 60;
const STEP = SIZE / GRID;
const MOVES: Record<string, readonly [number, number]> = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

interface Nib extends Point {
  down: boolean;
}

export function DigitPad({ runId, labels }: { runId: string; labels: readonly string[] }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const sight = useRef<HTMLCanvasElement>(null);
  const drawing = useRef<Drawing | null>(null);
  const last = useRef<Point | null>(null);
  const asking = useRef({ busy: false, dirty: false, timer: undefined as ReturnType<typeof setTimeout> | undefined });
  const [answer, setAnswer] = useState<readonly number[] | null>(null);
  const [error, setError] = useState<unknown>(undefined);
  const [nib, setNib] = useState<Nib>({ x: SIZE / 2, y: SIZE / 2, down: false });
  const [usesKeys, setUsesKeys] = useState(false);

  useEffect(() => {
    drawing.current = new Drawing(canvas.current!);
    clearSight();
    return () => clearTimeout(asking.current.timer);
  }, []);

  const clearSight = () => sight.current?.getContext('2d')?.fillRect(0, 0, GRID, GRID);

  /** One question at a time; a drawing that went on meanwhile is asked about again. */
  async function ask(): Promise<void> {
    const pixels = asking.current.busy ? null : drawing.current!.pixels(sight.current!.getContext('2d')!);
    if (pixels === null) return;
    Object.assign(asking.current, { busy: true, dirty: false });
    try {
      const { predictions } = await take(api.POST('/v1/runs/{id}/predict', { params: { path: { id: runId } }, body: { instances: [pixels] } }));
      // Cleared while the answer was on its way.
      if (!drawing.current!.isEmpty) setAnswer(predictions[0]?.probabilities ?? []);
      setError(undefined);
    } catch (failure) {
      setAnswer(null);
      setError(failure);
    }
    asking.current.busy = false;
    if (asking.current.dirty) void ask();
  }

  function draw(from: Point, to: Point): void {
    drawing.current!.line(from, to);
    last.current = to;
    asking.current.dirty = true;
    clearTimeout(asking.current.timer);
    asking.current.timer = setTimeout(() => void ask(), ASK_AFTER_MS);
  }

  function clear(): void {
    clearTimeout(asking.current.timer);
    asking.current.dirty = false;
    drawing.current!.clear();
    clearSight();
    setAnswer(null);
    setError(undefined);
    setNib((before) => ({ ...before, down: false }));
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
  const best = answer === null ? -1 : answer.indexOf(Math.max(...answer));
  return (
    <div class="digit-pad">
      <div>
        <div class="sheet">
          <canvas
            ref={canvas} class="pad" width={SIZE} height={SIZE} tabIndex={0} role="img" aria-label="Drawing pad. Draw with the pointer; or with the arrow keys, Space to lower and lift the pen, Delete to clear."
            onPointerDown={onPointerDown} onPointerMove={onPointerMove} onPointerUp={lift} onPointerCancel={lift} onKeyDown={onKeyDown} onBlur={() => setUsesKeys(false)}
          />
          {usesKeys && <i class="nib" data-down={nib.down || undefined} aria-hidden="true" style={{ left: `${(nib.x / SIZE) * 100}%`, top: `${(nib.y / SIZE) * 100}%` }} />}
        </div>
        <div class="under-pad"><canvas ref={sight} class="sight" width={GRID} height={GRID} aria-hidden="true" /><span class="muted small">what the model sees</span><Button quiet onClick={clear}>Clear</Button></div>
      </div>
      <div>
        <p class="verdict" role="status" data-sure={best >= 0 || undefined}>{best >= 0 ? `It says ${labels[best] ?? best}.` : 'Draw a digit.'}</p>
        <ErrorNote error={error} />
        <ol class="bars" aria-label="Probability of each label">
          {labels.map((label, at) => (
            <li key={label} class={at === best ? 'best' : undefined}>
              <b>{label}</b><span class="bar"><i style={{ transform: `scaleX(${answer?.[at] ?? 0})` }} /></span><span class="share">{answer === null ? '' : `${((answer[at] ?? 0) * 100).toFixed(1)} %`}</span>
            </li>
          ))}
        </ol>
      </div>
    </div>
  );
}
