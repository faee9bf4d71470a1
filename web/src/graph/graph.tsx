// A journey as a graph: who waits, has passed and failed at each step.
import { BaseEdge, Background, Controls, type Edge, EdgeLabelRenderer, type EdgeProps, Handle, type Node, type NodeProps, Position, ReactFlow } from '@xyflow/react';
import '@xyflow/react/dist/base.css';
import { useEffect, useMemo, useState } from 'react';

import type { Counts, GraphView, StepView } from '../api/client';
import { HEIGHT, type Layout, layout, type Point, WIDTH } from './layout';

interface Props {
  graph: GraphView;
  counts: Record<string, Counts>;
  selected: string | undefined;
  onSelect: (step: string) => void;
}

type StepNode = Node<{ step: StepView; counts: Counts; first: boolean }, 'step'>;
type WayEdge = Edge<{ route: Point[]; label: string }, 'way'>;

const NONE: Counts = { waiting: 0, passed: 0, failed: 0, ended: 0, reached: 0 };
const ICONS: Record<string, string> = {
  wait: '◷',
  'wait-for': '◔',
  call: '⇄',
  send: '✉',
  if: '◇',
  match: '◇',
  repeat: '↻',
  split: '⑂',
  limit: '⊤',
  let: '=',
  set: '✎',
  emit: '↗',
  start: '▶',
  stop: '✕',
  label: '⚑',
  goto: '↷',
  exit: '■',
};
const nodeTypes = { step: StepBox };
const edgeTypes = { way: Way };

export default function Graph({ graph, counts, selected, onSelect }: Props) {
  const [placed, setPlaced] = useState<Layout>();
  // The graph of a version never changes; only its counts do.
  useEffect(() => {
    let wanted = true;
    void layout(graph).then((placed) => wanted && setPlaced(placed));
    return () => {
      wanted = false;
    };
  }, []);
  const edges = useMemo(() => (placed ? toEdges(graph, placed) : []), [graph, placed]);
  if (!placed) return <p className="note">Drawing…</p>;
  const nodes: StepNode[] = graph.steps.map((step) => ({
    id: step.name,
    type: 'step',
    position: placed.steps.get(step.name) ?? { x: 0, y: 0 },
    width: WIDTH,
    height: HEIGHT,
    selected: step.name === selected,
    data: { step, counts: counts[step.name] ?? NONE, first: step.name === graph.start },
  }));
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      nodeTypes={nodeTypes}
      edgeTypes={edgeTypes}
      nodesDraggable={false}
      nodesConnectable={false}
      onNodeClick={(_, node) => onSelect(node.id)}
      fitView
      fitViewOptions={{ maxZoom: 1, padding: 0.08 }}
      minZoom={0.1}
      proOptions={{ hideAttribution: true }}
    >
      <Background gap={20} />
      <Controls showInteractive={false} />
    </ReactFlow>
  );
}

function toEdges(graph: GraphView, placed: Layout): WayEdge[] {
  return graph.edges.map((edge, index) => ({
    id: `${index}`,
    source: edge.from,
    target: edge.to,
    type: 'way',
    data: { route: placed.routes[index] ?? [], label: edge.label },
  }));
}

function StepBox({ data: { step, counts, first }, selected }: NodeProps<StepNode>) {
  const classes = ['step', step.kind, selected && 'selected', first && 'first', counts.waiting > 0 && 'busy'];
  return (
    <div className={classes.filter(Boolean).join(' ')} data-step={step.name} title={step.name}>
      <Handle type="target" position={Position.Top} />
      <span className="label">
        <i aria-hidden>{ICONS[step.kind] ?? '•'}</i> {step.label}
      </span>
      <span className="numbers">
        <b className="waiting" title="here now">
          {counts.waiting.toLocaleString()} here
        </b>
        <span title="have passed">{(counts.passed + counts.ended).toLocaleString()} passed</span>
        {counts.failed > 0 && <b className="failed">{counts.failed.toLocaleString()} failed</b>}
      </span>
      <Handle type="source" position={Position.Bottom} />
    </div>
  );
}

function Way({ data, id }: EdgeProps<WayEdge>) {
  const route = data?.route ?? [];
  const path = route.map((point, index) => `${index === 0 ? 'M' : 'L'}${point.x},${point.y}`).join(' ');
  const [start, bend] = route;
  const arrow = route.at(-1);
  return (
    <>
      <BaseEdge id={id} path={path} />
      {arrow && <path className="arrow" d={`M${arrow.x - 5},${arrow.y - 8} L${arrow.x},${arrow.y} L${arrow.x + 5},${arrow.y - 8}`} />}
      {data?.label && start && bend && (
        <EdgeLabelRenderer>
          <span
            className="way"
            style={{ transform: `translate(-50%, -50%) translate(${route[2]?.x ?? start.x}px, ${(route[2]?.y ?? start.y) + 12}px)` }}
          >
            {data.label}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  );
}
