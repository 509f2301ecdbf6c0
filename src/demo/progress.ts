// How a run looks in a terminal: one line an epoch that stays, and a bar below it that moves. Pure text.
import type { EventOf } from '../schemas/event.js';
import type { MetricValue } from '../schemas/run.js';

export interface Progress {
  epoch: number;
  epochs: number;
  /** Steps done in this epoch, and in one epoch. */
  step: number;
  stepsPerEpoch: number;
  metrics: Record<string, MetricValue>;
  examplesPerSecond: number;
  /** Seconds to the end of the run; null while unknown. */
  remainingSeconds: number | null;
}

export const formatMetric = (value: MetricValue) => (typeof value === 'number' ? value.toFixed(4) : value);
const formatMetrics = (metrics: Record<string, MetricValue>, names: readonly string[]) =>
  names.filter((name) => metrics[name] !== undefined).map((name) => `${name} ${formatMetric(metrics[name] as MetricValue)}`).join('  ');

export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** At most `width` characters, so that the line can be written over. */
export function progressLine(progress: Progress, width: number): string {
  const { epoch, epochs, step, stepsPerEpoch, metrics, examplesPerSecond, remainingSeconds } = progress;
  const head = `epoch ${epoch}/${epochs} `;
  const speed = `${Math.round(examplesPerSecond).toLocaleString('en')} examples/s`;
  const left = remainingSeconds === null ? '' : `  ${formatSeconds(remainingSeconds)} left`;
  const tail = ` ${String(Math.floor((100 * step) / stepsPerEpoch)).padStart(3)}%  ${formatMetrics(metrics, ['loss', 'accuracy'])}  ${speed}${left}`;
  const room = Math.min(30, width - head.length - tail.length - 3);
  if (room < 5) return `${head}${tail.trim()}`.slice(0, width);
  const filled = Math.round((room * step) / stepsPerEpoch);
  return `${head}[${'█'.repeat(filled)}${'·'.repeat(room - filled)}]${tail}`;
}

export function epochLine({ data }: EventOf<'epoch'>, epochs: number): string {
  const number = String(data.epoch).padStart(String(epochs).length);
  return `epoch ${number}/${epochs}  ${formatMetrics(data.metrics, ['loss', 'accuracy', 'val_loss', 'val_accuracy'])}  ${formatSeconds(data.durationMs / 1000)}`;
}

/** A grey image as half-size text. `pixels` are `size * size` values from 0 to 255. */
export function imageLines(pixels: ArrayLike<number>, size: number): string[] {
  const shades = ' ░▒▓█';
  const at = (row: number, column: number) => pixels[row * size + column] ?? 0;
  const lines: string[] = [];
  for (let row = 0; row + 1 < size; row += 2) {
    let line = '';
    for (let column = 0; column < size; column += 1) {
      const mean = (at(row, column) + at(row + 1, column)) / 2;
      line += shades[Math.min(shades.length - 1, Math.floor((mean / 256) * shades.length + 0.4))] ?? ' ';
    }
    lines.push(line);
  }
  return lines;
}
