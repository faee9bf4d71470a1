// Who is parked at a step that failed, and what can be done about one or all of them.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation, useSearchParams } from 'wouter';

import { api, type Operated, type Search } from '../api/client';
import { paths } from '../paths';
import { Found } from './instances';

const KINDS = ['timeout', 'refused', 'http', 'invalid', 'capped', 'open', 'auth', 'internal'];

export function FailedPage() {
  const [parameters] = useSearchParams();
  const search: Search = {
    journey: parameters.get('journey') ?? undefined,
    step: parameters.get('step') ?? undefined,
    kind: parameters.get('kind') ?? undefined,
  };
  return (
    <>
      <h1>Failed</h1>
      <p className="note">These people are parked at the step that failed. Retry runs the step again; skip goes on after it.</p>
      <Filters search={search} />
      <All key={JSON.stringify(search)} search={search} />
      <Found search={{ ...search, status: 'failed' }} nobody="Nobody is parked. All is well." />
    </>
  );
}

function Filters({ search }: { search: Search }) {
  const [, go] = useLocation();
  const journeys = useQuery({ queryKey: ['journeys'], queryFn: api.journeys });
  const names = journeys.data?.journeys.map((journey) => journey.name) ?? [];
  const choice = (name: 'journey' | 'kind', any: string, values: string[]) => (
    <select
      aria-label={name === 'journey' ? 'Journey' : 'Kind of failure'}
      value={search[name] ?? ''}
      onChange={(event) => go(paths.failed({ ...search, [name]: event.target.value || undefined }))}
    >
      <option value="">{any}</option>
      {values.map((value) => (
        <option key={value}>{value}</option>
      ))}
    </select>
  );
  return (
    <div className="filters">
      {choice('journey', 'any journey', names)}
      {choice('kind', 'any kind of failure', KINDS)}
    </div>
  );
}

/** What can be done with all that fit, after a second look. */
function All({ search }: { search: Search }) {
  const client = useQueryClient();
  const [asked, ask] = useState<'retry' | 'skip' | undefined>();
  const operate = useMutation({
    mutationFn: (operation: 'retry' | 'skip') => api.operateAll(operation, search),
    onSettled: () => {
      ask(undefined);
      return client.invalidateQueries();
    },
  });
  if (!Object.values(search).some(Boolean)) return null;
  return (
    <p className="operations">
      {asked ? (
        <>
          <span>{asked === 'retry' ? 'Run the failed step again' : 'Go on after the failed step'} for all that fit?</span>
          <button type="button" disabled={operate.isPending} onClick={() => operate.mutate(asked)}>
            Yes, {asked} all
          </button>
          <button type="button" disabled={operate.isPending} onClick={() => ask(undefined)}>
            No
          </button>
        </>
      ) : (
        <>
          <button type="button" onClick={() => ask('retry')}>
            Retry all
          </button>
          <button type="button" onClick={() => ask('skip')}>
            Skip all
          </button>
        </>
      )}
      {operate.data && <span className="note">{outcome(operate.data)}</span>}
      {operate.error && <span className="error">{operate.error.message}</span>}
    </p>
  );
}

const outcome = ({ done, ignored, unknown, next }: Operated): string => {
  const parts = [`${done.toLocaleString()} done`];
  if (ignored > 0) parts.push(`${ignored.toLocaleString()} no longer failed`);
  if (unknown > 0) parts.push(`${unknown.toLocaleString()} unknown: look again`);
  if (next) parts.push('there are more');
  return parts.join(', ');
};
