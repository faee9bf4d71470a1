// The partners: how calls go, who is left alone, and holding calls.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { type ActionCalls, api, type ConnectionView } from '../api/client';
import { Loaded, Time } from '../ui/basics';

export function ConnectionsPage() {
  const connections = useQuery({ queryKey: ['connections'], queryFn: api.connections });
  return (
    <>
      <h1>Connections</h1>
      <p className="note">How calls have gone in the last minutes, on all nodes. A paused connection holds its calls; nothing is lost.</p>
      <Loaded query={connections}>
        {({ connections, silentNodes }) => (
          <>
            {silentNodes > 0 && <p className="error">{silentNodes} of the nodes did not answer: their calls are missing here.</p>}
            {connections.length === 0 && <p className="note">No connection is declared.</p>}
            {connections.map((connection) => (
              <Connection key={connection.name} connection={connection} />
            ))}
          </>
        )}
      </Loaded>
    </>
  );
}

function Connection({ connection }: { connection: ConnectionView }) {
  return (
    <section className="panel connection" aria-label={connection.name}>
      <div className="title">
        <div>
          <h2>{connection.name}</h2>
          {connection.doc && <p className="note">{connection.doc}</p>}
        </div>
        <Hold connection={connection} />
      </div>
      <p>
        <State connection={connection} />
        {connection.running > 0 && ` · ${connection.running.toLocaleString()} running`}
        {connection.waiting > 0 && ` · ${connection.waiting.toLocaleString()} waiting in memory`}
      </p>
      {connection.actions.length === 0 ? <p className="note">Not called lately.</p> : <Actions actions={connection.actions} />}
    </section>
  );
}

function State({ connection }: { connection: ConnectionView }) {
  if (connection.pausedSince) {
    return (
      <>
        <span className="status queued">paused</span> <Time at={connection.pausedSince} />
      </>
    );
  }
  if (connection.breaker === 'open') return <span className="status failed">left alone: too many calls failed</span>;
  if (connection.breaker === 'trying') return <span className="status calling">being tried again</span>;
  return <span className="status completed">open for calls</span>;
}

function Hold({ connection }: { connection: ConnectionView }) {
  const client = useQueryClient();
  const operation = connection.pausedSince ? 'resume' : 'pause';
  const hold = useMutation({
    mutationFn: () => api.hold(connection.name, operation),
    onSettled: () => client.invalidateQueries({ queryKey: ['connections'] }),
  });
  return (
    <span className="operations">
      <button type="button" disabled={hold.isPending} onClick={() => hold.mutate()}>
        {operation === 'pause' ? 'Pause' : 'Resume'}
      </button>
      {hold.error && <span className="error">{hold.error.message}</span>}
    </span>
  );
}

function Actions({ actions }: { actions: ActionCalls[] }) {
  return (
    <div className="scroll">
      <table className="numbers">
        <thead>
          <tr>
            <th>Action</th>
            <th>Attempts</th>
            <th>per second</th>
            <th>Went wrong</th>
            <th>Half within</th>
            <th>95 % within</th>
            <th>99 % within</th>
          </tr>
        </thead>
        <tbody>
          {actions.map((action) => (
            <ActionRow key={action.name} action={action} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Ends that are no failures. */
const WELL = ['ok', 'cached'];

function ActionRow({ action }: { action: ActionCalls }) {
  const ends = Object.entries(action.ends);
  const all = ends.reduce((sum, [, count]) => sum + count, 0);
  const wrong = ends.filter(([end]) => !WELL.includes(end));
  return (
    <tr>
      <td>{action.name}</td>
      <td>{all.toLocaleString()}</td>
      <td>{action.perSecond.toLocaleString(undefined, { maximumFractionDigits: 1 })}</td>
      <td>
        {wrong.length === 0 ? '–' : wrong.map(([end, count]) => `${count.toLocaleString()} ${end}`).join(', ')}
      </td>
      <td>{millis(action.p50)}</td>
      <td>{millis(action.p95)}</td>
      <td>{millis(action.p99)}</td>
    </tr>
  );
}

const millis = (time: number | null | undefined): string =>
  time === null || time === undefined ? '–' : `${time.toLocaleString()} ms`;
