// Where the layers of a model stand in its drawing: from top to bottom, each below all that it reads.
import { kindOf, type LayerKind } from './layer-kinds.js';

export interface DrawnLayer {
  name: string;
  type: string;
  outputShape: readonly number[] | null;
  parameterCount: number;
}

export interface GraphNode {
  layer: DrawnLayer;
  kind: LayerKind;
  x: number;
  y: number;
  /** Its part of all parameters, from 0 to 1. */
  share: number;
}

export interface GraphEdge {
  key: string;
  /** An SVG path. */
  path: string;
  label: { x: number; y: number; text: string; anchor: 'start' | 'end' };
}

export interface Graph {
  width: number;
  height: number;
  nodes: readonly GraphNode[];
  edges: readonly GraphEdge[];
}

export const NODE = { width: 248, height: 46 };
const GAP = { x: 24, y: 34 };
const LANE = 26;
const TAIL = 30;
const MARGIN = 2;

/** `28 × 28 × 1`; of one example, as everywhere. */
export const shapeText = (shape: readonly number[] | null): string => (shape === null ? 'unknown' : shape.length === 0 ? 'one number' : shape.join(' × '));

/** Layers come after those that they read, as the service lists them. */
export function layOut(layers: readonly DrawnLayer[], inputs: ReadonlyMap<string, readonly string[]>): Graph {
  const readBy = (name: string) => inputs.get(name) ?? [];
  const ranks = new Map<string, number>();
  for (const { name } of layers) ranks.set(name, Math.max(-1, ...readBy(name).map((input) => ranks.get(input) ?? -1)) + 1);
  const rows: DrawnLayer[][] = [];
  for (const layer of layers) (rows[ranks.get(layer.name)!] ??= []).push(layer);
  const widest = Math.max(1, ...rows.map((row) => row.length));
  const body = widest * NODE.width + (widest - 1) * GAP.x;
  const total = layers.reduce((sum, { parameterCount }) => sum + parameterCount, 0);

  const nodes = new Map<string, GraphNode>();
  rows.forEach((row, rank) => row.forEach((layer, column) => {
    const left = (body - row.length * NODE.width - (row.length - 1) * GAP.x) / 2;
    nodes.set(layer.name, { layer, kind: kindOf(layer.type), x: MARGIN + left + column * (NODE.width + GAP.x), y: MARGIN + rank * (NODE.height + GAP.y), share: total === 0 ? 0 : layer.parameterCount / total });
  }));

  // What skips a rank goes round on the right, each in a lane of its own.
  let lanes = 0;
  const edges = layers.flatMap(({ name }) => readBy(name).flatMap((input): GraphEdge[] => {
    const [from, to] = [nodes.get(input), nodes.get(name)];
    if (from === undefined || to === undefined) return [];
    const text = shapeText(from.layer.outputShape);
    const key = `${input} to ${name}`;
    const isNext = ranks.get(name)! - ranks.get(input)! === 1;
    if (isNext) return [{ key, path: straight(from, to), label: { x: (centre(from) + centre(to)) / 2 + 8, y: (from.y + NODE.height + to.y) / 2, text, anchor: 'start' } }];
    const lane = MARGIN + body + (lanes += 1) * LANE - 6;
    return [{ key, path: around(from, to, lane), label: { x: lane - 7, y: from.y + NODE.height + GAP.y / 2, text, anchor: 'end' } }];
  }));
  // What comes out in the end.
  const last = nodes.get(layers.at(-1)?.name ?? '');
  if (last !== undefined) {
    const [start, x] = [last.y + NODE.height, centre(last)];
    edges.push({ key: 'output', path: `M${x} ${start}V${start + TAIL}`, label: { x: x + 8, y: start + TAIL / 2, text: shapeText(last.layer.outputShape), anchor: 'start' } });
  }
  return { width: body + lanes * LANE + 2 * MARGIN, height: rows.length * (NODE.height + GAP.y) - GAP.y + TAIL + 2 * MARGIN, nodes: [...nodes.values()], edges };
}

const centre = ({ x }: GraphNode) => x + NODE.width / 2;

function straight(from: GraphNode, to: GraphNode): string {
  const [start, end, middle] = [from.y + NODE.height, to.y, (from.y + NODE.height + to.y) / 2];
  return `M${centre(from)} ${start}C${centre(from)} ${middle} ${centre(to)} ${middle} ${centre(to)} ${end}`;
}

function around(from: GraphNode, to: GraphNode, lane: number): string {
  const [start, end] = [from.y + NODE.height / 2, to.y + NODE.height / 2];
  return `M${from.x + NODE.width} ${start}H${lane - 10}Q${lane} ${start} ${lane} ${start + 10}V${end - 10}Q${lane} ${end} ${lane - 10} ${end}H${to.x + NODE.width}`;
}
