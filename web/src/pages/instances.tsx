// Instances that fit a search, and what can be done with one.
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useLocation, useSearchParams } from 'wouter';

import { api, type InstanceSummary, type Search } from '../api/client';
import { paths } from '../paths';
import { Said, Status, Time } from '../ui/basics';

const STATUSES = [
  'waiting',
  'calling',
  'queued',
  'completed',
  'exited',
  'failed',
  'cancelled',
  'expired',
  'stopped',
  'replaced',
];

export function InstancesPage() {
  const [parameters] = useSearchParams();
  const search: Search = {
    journey: parameters.get('journey') ?? undefined,
    step: parameters.get('step') ?? undefined,
    status: parameters.get('status') ?? undefined,
    profile: parameters.get('profile') ?? undefined,
  };
  return (
    <>
      <h1>Instances</h1>
      <Filters search={search} />
      <Found search={search} nobody="No instance fits." />
    </>
  );
}

/** Those that fit, page by page. */
export function Found({ search, nobody }: { search: Search; nobody: string }) {
  const found = useInfiniteQuery({
    queryKey: ['instances', search],
    queryFn: ({ pageParam }) => api.instances({ ...search, before: pageParam }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const instances = found.data?.pages.flatMap((page) => page.instances) ?? [];
  return (
    <>
      {found.error && <p className="error">{found.error.message}</p>}
      {found.isPending && <p className="note">Loading…</p>}
      {found.data && instances.length === 0 && <p className="note">{nobody}</p>}
      {instances.length > 0 && <InstanceTable instances={instances} />}
      {found.hasNextPage && (
        <button type="button" onClick={() => void found.fetchNextPage()} disabled={found.isFetchingNextPage}>
          Show more
        </button>
      )}
    </>
  );
}

function Filters({ search }: { search: Search }) {
  const [, go] = useLocation();
  const chosen = Object.entries(search).filter(([name, value]) => value && name !== 'status');
  return (
    <div className="filters">
      <select
        aria-label="Status"
        value={search.status ?? ''}
        onChange={(event) => go(paths.instances({ ...search, status: event.target.value || undefined }))}
      >
        <option value="">any status</option>
        {STATUSES.map((status) => (
          <option key={status}>{status}</option>
        ))}
      </select>
      {chosen.map(([name, value]) => (
        <Link key={name} href={paths.instances({ ...search, [name]: undefined })} className="chip" title="Remove this filter">
          {name}: {value} ×
        </Link>
      ))}
    </div>
  );
}

/** Instances in a table; without the column of people where all are of one. */
export function InstanceTable({ instances, ofOne = false }: { instances: InstanceSummary[]; ofOne?: boolean }) {
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            {!ofOne && <th>Person</th>}
            <th>Journey</th>
            <th>Status</th>
            <th>Step</th>
            <th>Changed</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {instances.map((instance) => (
            <tr key={instance.id}>
              {!ofOne && (
                <td>
                  <Link href={paths.person(instance.profile)}>{instance.profile}</Link>
                </td>
              )}
              <td>
                <Link href={paths.journey(instance.journey)}>{instance.journey}</Link>
                {instance.key && <small> {instance.key}</small>}
              </td>
              <td>
                <Status status={instance.status} />
              </td>
              <td>
                <Link href={paths.instance(instance.id)}>{instance.step}</Link>
                {instance.failure && <p className="reason"><Said text={instance.failure.reason} /></p>}
                {!instance.failure && instance.reason && <p className="reason plain">{instance.reason}</p>}
              </td>
              <td>
                <Time at={instance.updatedAt} />
              </td>
              <td className="actions">{instance.status === 'failed' && <Operations instance={instance} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What an operator may do with an instance now. */
export function Operations({ instance }: { instance: InstanceSummary }) {
  const client = useQueryClient();
  const operate = useMutation({
    mutationFn: (operation: 'retry' | 'skip' | 'cancel') => api.operate(instance.id, operation),
    onSettled: () => client.invalidateQueries(),
  });
  const failed = instance.status === 'failed';
  const live = ['waiting', 'calling', 'queued'].includes(instance.status);
  const button = (operation: 'retry' | 'skip' | 'cancel', label: string) => (
    <button type="button" disabled={operate.isPending} onClick={() => operate.mutate(operation)}>
      {label}
    </button>
  );
  return (
    <span className="operations">
      {failed && button('retry', 'Retry')}
      {failed && button('skip', 'Skip')}
      {(failed || live) && button('cancel', 'Cancel')}
      {operate.error && <span className="error">{operate.error.message}</span>}
    </span>
  );
}
