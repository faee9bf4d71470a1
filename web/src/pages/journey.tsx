// One journey: its graph with the people in it, beside its text.
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { Link } from 'wouter';

import { api, type JourneyView } from '../api/client';
import { paths } from '../paths';
import { Loaded, Time } from '../ui/basics';
import { Count } from './journeys';
import { Source } from '../ui/source';

const Graph = lazy(() => import('../graph/graph'));

export function JourneyPage({ name }: { name: string }) {
  const [version, setVersion] = useState<string>();
  const journey = useQuery({ queryKey: ['journey', name, version], queryFn: () => api.journey(name, version) });
  return <Loaded query={journey}>{(journey) => <Journey journey={journey} onVersion={setVersion} />}</Loaded>;
}

function Journey({ journey, onVersion }: { journey: JourneyView; onVersion: (version: string) => void }) {
  const [selected, select] = useState<string>();
  const step = journey.graph.steps.find((step) => step.name === selected);
  return (
    <>
      <div className="title">
        <div>
          <h1>{journey.name}</h1>
          {journey.doc && <p>{journey.doc}</p>}
        </div>
        <dl className="counts">
          <Count label="inside" value={journey.counts.waiting} />
          <Count label="entered" value={journey.counts.passed} />
          <Count label="ended" value={journey.counts.ended} />
          {journey.goal && <Count label="reached" value={journey.counts.reached} />}
          <Count label="failed" value={journey.counts.failed} bad={journey.counts.failed > 0} />
        </dl>
      </div>
      <p className="note">
        Enters on <code>{journey.entries.join(', ')}</code> ·{' '}
        <Link href={paths.instances({ journey: journey.name })}>its instances</Link> · version{' '}
        <select value={journey.version} aria-label="Version" onChange={(event) => onVersion(event.target.value)}>
          {journey.versions.map((version) => (
            <option key={version.version} value={version.version}>
              {version.version.slice(0, 8)}
              {version.current ? ' (current)' : ''}
            </option>
          ))}
        </select>{' '}
        deployed <Time at={journey.versions.find((known) => known.version === journey.version)?.deployedAt ?? ''} />
      </p>
      <div className="split">
        <section className="panel graph" aria-label="Graph">
          <Suspense fallback={<p className="note">Loading…</p>}>
            <Graph key={journey.version} graph={journey.graph} counts={journey.steps} selected={selected} onSelect={select} />
          </Suspense>
        </section>
        <section className="panel source" aria-label="Source">
          {step && (
            <p className="selected">
              <strong>{step.label}</strong>{' '}
              <Link href={paths.instances({ journey: journey.name, step: step.name })}>who is here</Link>
            </p>
          )}
          <Source text={journey.source} mark={step?.span} />
        </section>
      </div>
    </>
  );
}
