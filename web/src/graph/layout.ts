// Places the steps of a graph with ELK, in a worker; its routes are kept, so that no edge crosses a step.
import ELK, { type ElkExtendedEdge, type ElkNode } from 'elkjs/lib/elk-api.js';
import workerUrl from 'elkjs/lib/elk-worker.min.js?url';

import type { GraphView } from '../api/client';

export const WIDTH = 240;
export const HEIGHT = 62;

export interface Point {
  x: number;
  y: number;
}

export interface Layout {
  steps: Map<string, Point>;
  /** The route of each edge, in the order of the graph's edges. */
  routes: Point[][];
}

const elk = new ELK({ workerFactory: () => new Worker(workerUrl) });

export async function layout(graph: GraphView): Promise<Layout> {
  const placed = await elk.layout(toElk(graph));
  const steps = new Map<string, Point>();
  for (const node of placed.children ?? []) steps.set(node.id, { x: node.x ?? 0, y: node.y ?? 0 });
  return { steps, routes: (placed.edges ?? []).map(route) };
}

function toElk(graph: GraphView): ElkNode {
  return {
    id: 'root',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'DOWN',
      'elk.layered.spacing.nodeNodeBetweenLayers': '48',
      'elk.spacing.nodeNode': '36',
      'elk.edgeRouting': 'ORTHOGONAL',
      'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
    },
    children: graph.steps.map((step) => ({ id: step.name, width: WIDTH, height: HEIGHT })),
    edges: graph.edges.map((edge, index) => ({ id: `${index}`, sources: [edge.from], targets: [edge.to] })),
  };
}

function route(edge: ElkExtendedEdge): Point[] {
  const section = edge.sections?.[0];
  return section ? [section.startPoint, ...(section.bendPoints ?? []), section.endPoint] : [];
}
