// A model as a drawing: layers as boxes, tensor shapes on what is between them.
import { useId, useMemo } from 'preact/hooks';
import type { ModelSummary } from '../../../api/types.js';
import { count, several } from '../../../lib/format.js';
import { layOut, NODE, shapeText, type GraphNode } from './graph-layout.js';
import { inputsOf, type ModelSpec } from './layer-inputs.js';
import { LAYER_KINDS } from './layer-kinds.js';
import './model.css';

export function ModelGraph({ summary, model }: { summary: ModelSummary; model: ModelSpec }) {
  const id = useId();
  const { width, height, nodes, edges } = useMemo(() => layOut(summary.layers, inputsOf(summary.layers.map(({ name }) => name), model)), [summary, model]);
  const kinds = LAYER_KINDS.filter((kind) => nodes.some((node) => node.kind === kind));
  return (
    <>
      <ul class="layer-kinds" aria-label="Colours">{kinds.map((kind) => <li key={kind} data-layer={kind}><i aria-hidden="true" />{kind}</li>)}</ul>
      <div class="model-graph" tabIndex={0} role="region" aria-label="Drawing of the model">
        <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={`${several(nodes.length, 'layer')} from input to output; the table tells the same.`}>
          <defs><marker id={id} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" class="graph-head" /></marker></defs>
          {edges.map(({ key, path }) => <path key={key} d={path} class="graph-edge" marker-end={`url(#${id})`} />)}
          {nodes.map((node) => <LayerBox key={node.layer.name} node={node} />)}
          {edges.map(({ key, label: { x, y, text, anchor } }) => <text key={key} x={x} y={y} dy=".35em" class="graph-shape" text-anchor={anchor}>{text}</text>)}
        </svg>
      </div>
      <p class="muted small">Shapes are of one example. The line in a box is its part of all parameters.</p>
    </>
  );
}

const MOST_LETTERS = 24;
const cut = (text: string) => (text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS - 1)}…` : text);

function LayerBox({ node: { layer: { name, type, outputShape, parameterCount }, kind, x, y, share } }: { node: GraphNode }) {
  const inner = NODE.width - 26;
  return (
    <g transform={`translate(${x} ${y})`} data-layer={kind} class="graph-node">
      <title>{`${name}, ${type}: ${shapeText(outputShape)}, ${several(parameterCount, 'parameter')}`}</title>
      <rect width={NODE.width} height={NODE.height} rx="8" class="graph-box" />
      <rect x="0.5" y="0.5" width="7" height={NODE.height - 1} rx="3.5" class="graph-kind" />
      <text x="18" y="19" class="graph-name">{cut(name)}</text>
      <text x="18" y="34" class="graph-type">{type}</text>
      <text x={NODE.width - 10} y="34" text-anchor="end" class="graph-type">{parameterCount === 0 ? '' : count(parameterCount)}</text>
      {share >= 0.005 && <rect x="18" y={NODE.height - 6} width={Math.max(1, inner * share)} height="2.5" rx="1" class="graph-kind" />}
    </g>
  );
}
