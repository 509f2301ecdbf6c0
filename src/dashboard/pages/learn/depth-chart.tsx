// What is left of a gradient after each layer, on a logarithmic scale, as it comes down from the loss.
import { plain } from '../../lib/format.js';
import { ACTIVATIONS, gradientThrough, type Activation } from './activations.js';

const [W, H] = [520, 170];
const [LEFT, BOTTOM, TOP] = [60, 26, 12];
/** Powers of ten that are drawn; what is smaller lies on the floor. */
const FLOOR = -12;

export function DepthChart({ x, depth }: { x: number; depth: number }) {
  const y = (share: number) => {
    const power = share <= 0 ? FLOOR : Math.max(FLOOR, Math.log10(share));
    return TOP + (power / FLOOR) * (H - TOP - BOTTOM);
  };
  const step = (W - LEFT) / depth;
  const width = Math.min(18, step * 0.3);
  const bars = ACTIVATIONS.map((activation) => ({ activation, shares: gradientThrough(activation, x, depth) }));
  const place = (at: number, activation: Activation) => LEFT + (at + 0.5) * step + (activation === 'sigmoid' ? -width - 1 : 1);
  return (
    <figure class="depth-chart">
      <figcaption><span><i data-bar="sigmoid" />sigmoid</span><span><i data-bar="relu" />relu</span><span class="muted">share of the gradient that is left, by layers from the loss down</span></figcaption>
      <svg viewBox={`0 0 ${W} ${H}`} role="img" aria-label={bars.map(({ activation, shares }) => `After ${depth} layers of ${activation}: ${plain(shares.at(-1)!)}`).join('. ')}>
        {[0, -3, -6, -9, -12].map((power) => <g key={power}><line class="grid" x1={LEFT} x2={W} y1={y(10 ** power)} y2={y(10 ** power)} /><text x={LEFT - 6} y={y(10 ** power) + 4} text-anchor="end">{power === 0 ? '1' : <>10<tspan dy="-4" font-size="72%">{`−${-power}`}</tspan></>}</text></g>)}
        {bars.map(({ activation, shares }) => shares.map((share, at) => (
          <rect key={`${activation} ${at}`} data-bar={activation} x={place(at, activation)} width={width} y={share > 0 ? y(share) : H - BOTTOM - 2} height={Math.max(2, H - BOTTOM - y(share))}><title>{`after ${at + 1}: ${plain(share)}`}</title></rect>
        )))}
        {Array.from({ length: depth }, (_, at) => <text key={at} class="tick" x={LEFT + (at + 0.5) * step} y={H - 6}>{at + 1}</text>)}
      </svg>
    </figure>
  );
}
