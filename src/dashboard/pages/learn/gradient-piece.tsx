// Sigmoid beside relu: drag the input, and see what is left of a gradient on its way down a deep network.
import { useRef } from 'preact/hooks';
import * as codecs from '../../lib/codecs.js';
import { plain } from '../../lib/format.js';
import { useUrlState } from '../../lib/router.js';
import { Range } from '../../ui/field.js';
import { Card } from '../../ui/surfaces.js';
import { ACTIVATIONS, gradientThrough, SHAPES, type Activation } from './activations.js';
import { DepthChart } from './depth-chart.js';
import { Formula, signed } from './softmax-piece.js';

const X = codecs.number(1.5, { least: -6, most: 6 });
const DEPTH = codecs.number(8, { least: 1, most: 20, whole: true });
const TITLES: Readonly<Record<Activation, string>> = { sigmoid: 'Sigmoid', relu: 'Relu' };

export function GradientPiece() {
  const [x, setX] = useUrlState('x', X);
  const [depth, setDepth] = useUrlState('depth', DEPTH);
  const left = (activation: Activation) => gradientThrough(activation, x, depth).at(-1)!;
  return (
    <Card title="Sigmoid and relu: what is left of the gradient">
      <p class="learn-text">Learning goes backwards: each layer multiplies the gradient by the slope of its activation. A sigmoid, <Formula>σ(x) = 1 / (1 + e<sup>−x</sup>)</Formula>, has the slope <Formula>σ(x) (1 − σ(x))</Formula>, which is never above ¼. Relu, <Formula>max(0, x)</Formula>, has the slope 1 or 0. Drag the input.</p>
      <div class="gradient-plots">{ACTIVATIONS.map((activation) => <Plot key={activation} activation={activation} x={x} onX={setX} />)}</div>
      <div class="piece-bar"><Range label="Layers" value={depth} min={1} max={20} step={1} onChange={setDepth} /></div>
      <DepthChart x={x} depth={depth} />
      <p class="learn-text" aria-live="polite">
        With every unit at x = {signed(x, 1)}, {depth === 1 ? 'one layer of sigmoids hands' : `${depth} layers of sigmoids hand`} back <b>{plain(left('sigmoid'))}</b> of the gradient, relu <b>{plain(left('relu'))}</b>. {x > 0 ? 'Above zero relu loses nothing, however deep the network is.' : 'At zero and below relu hands back nothing at all: a unit that is there for every example is dead. In a layer some units are, and the others carry the gradient.'}
      </p>
      <p class="muted small learn-text">Weights multiply the gradient too, and are left out here. At best, with x = 0, ten sigmoids leave 0.25<sup>10</sup>, about a millionth: that is why the second rung barely learns.</p>
    </Card>
  );
}

const [W, H, FROM, TO, LOW, HIGH] = [320, 190, -6, 6, -0.25, 1.25];
const toX = (value: number) => ((value - FROM) / (TO - FROM)) * W;
const toY = (value: number) => H - ((Math.min(HIGH + 1, value) - LOW) / (HIGH - LOW)) * H;
const pathOf = (of: (x: number) => number) => Array.from({ length: 241 }, (_, at) => FROM + (at / 240) * (TO - FROM)).map((x, at) => `${at === 0 ? 'M' : 'L'}${toX(x).toFixed(1)} ${toY(of(x)).toFixed(1)}`).join('');
/** Relu's slope jumps, and a line must not lean there. */
const SLOPES: Readonly<Record<Activation, string>> = { sigmoid: pathOf(SHAPES.sigmoid.slope), relu: `M0 ${toY(0)}H${toX(0)}M${toX(0)} ${toY(1)}H${W}` };
const CURVES: Readonly<Record<Activation, string>> = { sigmoid: pathOf(SHAPES.sigmoid.value), relu: pathOf(SHAPES.relu.value) };

function Plot({ activation, x, onX }: { activation: Activation; x: number; onX(x: number): void }) {
  const svg = useRef<SVGSVGElement>(null);
  const { value, slope } = SHAPES[activation];
  const set = (next: number) => onX(Math.min(TO, Math.max(FROM, Math.round(next * 10) / 10)));
  const point = ({ clientX }: PointerEvent) => {
    const box = svg.current!.getBoundingClientRect();
    set(FROM + ((clientX - box.left) / box.width) * (TO - FROM));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const next = { ArrowLeft: x - 0.1, ArrowDown: x - 0.1, ArrowRight: x + 0.1, ArrowUp: x + 0.1, PageDown: x - 1, PageUp: x + 1, Home: FROM, End: TO }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    set(next);
  };
  const words = `input ${signed(x, 1)}, output ${signed(value(x), 3)}, slope ${signed(slope(x), 3)}`;
  return (
    <figure class="gradient-plot" data-activation={activation}>
      <figcaption><b>{TITLES[activation]}</b><span><i data-line="value" />output <b>{signed(value(x), 3)}</b></span><span><i data-line="slope" />slope <b>{signed(slope(x), 3)}</b></span></figcaption>
      <svg
        ref={svg} viewBox={`0 0 ${W} ${H}`} tabindex={0} role="slider" aria-label={`Input of ${TITLES[activation]}`} aria-valuemin={FROM} aria-valuemax={TO} aria-valuenow={x} aria-valuetext={words} onKeyDown={onKeyDown}
        onPointerDown={(event) => { event.currentTarget.setPointerCapture(event.pointerId); point(event); }} onPointerMove={(event) => event.buttons === 1 && point(event)}
      >
        {[0, 0.25, 1].map((y) => <g key={y}><line class="grid" x1="0" x2={W} y1={toY(y)} y2={toY(y)} data-quarter={y === 0.25 || undefined} /><text x="4" y={toY(y) - 4}>{y === 0.25 ? '¼' : y}</text></g>)}
        {[-4, -2, 0, 2, 4].map((at) => <text key={at} class="tick" x={toX(at)} y={H - 5}>{signed(at, 0)}</text>)}
        <line class="grid" x1={toX(0)} x2={toX(0)} y1="0" y2={H - 18} />
        <path class="value" d={CURVES[activation]} />
        <path class="slope" d={SLOPES[activation]} />
        <line class="here" x1={toX(x)} x2={toX(x)} y1="0" y2={H - 18} />
        <circle class="value-dot" cx={toX(x)} cy={toY(value(x))} r="5" />
        <circle class="slope-dot" cx={toX(x)} cy={toY(slope(x))} r="5" />
      </svg>
    </figure>
  );
}
