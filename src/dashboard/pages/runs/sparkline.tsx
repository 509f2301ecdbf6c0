// The curve of a run in its row: validation loss where there is one, else the loss.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import type { Run } from '../../api/types.js';
import { Series } from '../../live/series.js';
import { SparkQueue } from './spark-queue.js';
import { sparkOf } from './spark-path.js';

const WIDTH = 96;
const HEIGHT = 26;
const POINTS = 60;
/** By how much they say. A curve of fewer points than this is no curve yet. */
const NAMES: Readonly<Record<string, string>> = { 'epoch/val_loss': 'Validation loss', 'epoch/loss': 'Loss', 'batch/loss': 'Loss' };
const KEYS = Object.keys(NAMES);
const LEAST = 3;

interface Shown {
  key: string;
  series: Series;
}

const queue = new SparkQueue<Shown | null>({ read: readSpark });

async function readSpark(id: string): Promise<Shown | null> {
  const { series } = await take(api.GET('/v1/runs/{id}/metrics', { params: { path: { id }, query: { key: KEYS, maxPoints: POINTS } } }));
  const best = KEYS.map((key) => series.find((one) => one.key === key)).filter((one) => one !== undefined && one.count > 0);
  const found = best.find((one) => one!.count >= LEAST) ?? best.at(-1);
  return found === undefined ? null : { key: found.key, series: Series.of(found) };
}

/** One observer for all rows. */
const shown = new WeakMap<Element, (isShown: boolean) => void>();
const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) shown.get(target)?.(isIntersecting);
});

export function Sparkline({ run: { id, head, progress, name } }: { run: Run }) {
  const ref = useRef<HTMLSpanElement>(null);
  const [isShown, setShown] = useState(false);
  const [, draw] = useState({});
  const hasBegun = progress.step > 0;
  useEffect(() => {
    const element = ref.current!;
    shown.set(element, setShown);
    observer.observe(element);
    return () => observer.unobserve(element);
  }, []);
  useEffect(() => {
    if (isShown && hasBegun) queue.want(id, head, () => draw({}));
  }, [isShown, hasBegun, id, head]);
  useEffect(() => (isShown ? () => queue.leave(id) : undefined), [isShown, id]);
  const spark = queue.peek(id) ?? null;
  return (
    <span ref={ref} class="spark" data-spark={spark?.key}>
      {spark !== null && <Drawn series={spark.series} label={`${NAMES[spark.key]} of ${name}`} />}
    </span>
  );
}

function Drawn({ series, label }: { series: Series; label: string }) {
  const { line, band, bad } = sparkOf(series, { width: WIDTH, height: HEIGHT });
  return (
    <svg viewBox={`-2 -2 ${WIDTH + 4} ${HEIGHT + 4}`} width={WIDTH + 4} height={HEIGHT + 4} role="img" aria-label={label}>
      {band !== '' && <path class="spark-band" d={band} />}
      <path class="spark-line" d={line} />
      {bad.length > 0 && <path class="spark-bad" d={`M${bad[0]} 0v${HEIGHT}`}><title>NaN or infinite</title></path>}
    </svg>
  );
}
