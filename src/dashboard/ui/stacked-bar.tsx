// Parts of a whole as one bar. What it shows stands beside it in words: it is hidden from who cannot see it.
import './stacked-bar.css';

export interface BarPart {
  key: string;
  /** A CSS colour. */
  color: string;
  size: number;
  title?: string;
}

/** `total` is the length of the whole bar, in the parts' own unit. */
export function StackedBar({ parts, total }: { parts: readonly BarPart[]; total: number }) {
  return (
    <div class="stacked-bar" aria-hidden="true">
      {parts.map(({ key, color, size, title }) => size > 0 && <i key={key} title={title} style={{ background: color, width: `${(size / Math.max(total, size)) * 100}%` }} />)}
    </div>
  );
}
