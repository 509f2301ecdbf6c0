// What was chosen against what came of it: parallel coordinates, and two quantities against each other.
import { useEffect, useMemo } from 'preact/hooks';
import * as codecs from '../../lib/codecs.js';
import { useUrlState } from '../../lib/router.js';
import { Button } from '../../ui/button.js';
import { Select } from '../../ui/field.js';
import { Card } from '../../ui/surfaces.js';
import type { Compared } from './compared.js';
import type { Difference } from './differences.js';
import { ParallelPlot, type Axis } from './parallel-plot.js';
import { passes, quantitiesOf, scaleOf, type Quantity } from './quantities.js';
import { ScatterPlot } from './scatter-plot.js';
import { BRUSHES } from './view-codecs.js';

const AXES = codecs.list();
const KEY = codecs.text();
const MOST_USUAL = 5;

export interface CompareQuantitiesProps extends Compared {
  differences: readonly Difference[];
  onPassing(passing: ReadonlySet<string> | null): void;
}

export function CompareQuantities({ runs, labels, differences, meant, onMeant, onPassing }: CompareQuantitiesProps) {
  const quantities = useMemo(() => quantitiesOf(runs, differences, Date.now()), [runs, differences]);
  const [chosen, setChosen] = useUrlState('axes', AXES);
  const [brushes, setBrushes] = useUrlState('brush', BRUSHES);
  const [xAsked, setX] = useUrlState('x', KEY);
  const [yAsked, setY] = useUrlState('y', KEY);
  const find = (key: string) => quantities.find((one) => one.key === key);
  const usual = usualAxes(quantities);
  const shown = chosen.map(find).filter((one) => one !== undefined);
  const axes = useMemo((): Axis[] => (shown.length > 0 ? shown : usual).map((quantity) => ({ quantity, scale: scaleOf(quantity) })), [quantities, chosen]);
  const passing = useMemo(() => (brushes.size === 0 ? null : new Set(runs.filter((_, index) => passes(index, brushes, axes)).map(({ id }) => id))), [runs, brushes, axes]);
  useEffect(() => onPassing(passing), [passing]);
  const metric = quantities.find(({ key }) => key.startsWith('metrics.'));
  const x = find(xAsked) ?? quantities.find(({ key }) => key.startsWith('spec.')) ?? quantities[0];
  const y = find(yAsked) ?? metric ?? quantities.at(-1);
  if (quantities.length === 0) return null;
  const keys = axes.map(({ quantity }) => quantity.key);
  const toggle = (key: string) => setChosen(keys.includes(key) ? keys.filter((one) => one !== key) : quantities.map((one) => one.key).filter((one) => one === key || keys.includes(one)));
  const options = quantities.map(({ key, label }) => ({ value: key, label: key.startsWith('spec.') ? key.slice(5) : label }));
  return (
    <>
      <Card title="Choices and results" actions={brushes.size > 0 && <span class="compare-told"><span class="small muted" role="status">{passing?.size} of {runs.length} runs</span><Button quiet onClick={() => setBrushes(new Map())}>Clear spans</Button></span>}>
        <ParallelPlot runs={runs} labels={labels} axes={axes} brushes={brushes} onBrush={setBrushes} meant={meant} onMeant={onMeant} />
        <details class="axis-picker">
          <summary>Axes: {axes.length}</summary>
          <div>{options.map(({ value, label }) => <label key={value}><input type="checkbox" checked={keys.includes(value)} disabled={keys.length === 1 && keys.includes(value)} onChange={() => toggle(value)} /> <span>{label}</span></label>)}</div>
        </details>
      </Card>
      {x !== undefined && y !== undefined && (
        <Card title="One against another" actions={<div class="scatter-bar"><Select label="Up" value={y.key} onChange={setY} options={options} /><Select label="Across" value={x.key} onChange={setX} options={options} /></div>}>
          <ScatterPlot runs={runs} labels={labels} x={x} y={y} isIn={(index) => passing === null || passing.has(runs[index]!.id)} meant={meant} onMeant={onMeant} />
        </Card>
      )}
    </>
  );
}

/** Hyperparameters in which they differ, then the metric that says most. */
function usualAxes(quantities: readonly Quantity[]): readonly Quantity[] {
  const specs = quantities.filter(({ key, values }) => key.startsWith('spec.') && new Set(values).size > 1).slice(0, MOST_USUAL);
  const metrics = quantities.filter(({ key }) => key.startsWith('metrics.')).slice(0, 2);
  return specs.length + metrics.length < 2 ? quantities.slice(0, MOST_USUAL) : [...specs, ...metrics];
}
