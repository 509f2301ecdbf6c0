// Order and reachability in a graph whose nodes may come in any order.
import type { GraphNode } from './graph-types.js';

/** The nodes, each after those it reads, else in their own order; null when they form a circle. */
export function inOrder(nodes: readonly GraphNode[]): GraphNode[] | null {
  const placed = new Set<string>();
  const ordered: GraphNode[] = [];
  let waiting = [...nodes];
  while (waiting.length > 0) {
    const still: GraphNode[] = [];
    for (const node of waiting) {
      if (node.inputs.every((name) => placed.has(name))) {
        placed.add(node.name);
        ordered.push(node);
      } else {
        still.push(node);
      }
    }
    if (still.length === waiting.length) return null;
    waiting = still;
  }
  return ordered;
}

/** The nodes from which no path leads to the output. */
export function unreachable(nodes: readonly GraphNode[], output: string): GraphNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const reached = new Set<string>([output]);
  const open = [output];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const input of byName.get(name)?.inputs ?? []) {
      if (!reached.has(input)) {
        reached.add(input);
        open.push(input);
      }
    }
  }
  return nodes.filter((node) => !reached.has(node.name));
}
