// One instance: where it stands, what it waits for, and everything that happened to it.
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';

import { api, type InstanceView } from '../api/client';
import { paths } from '../paths';
import { Json, Loaded, Said, Status, Time } from '../ui/basics';
import { Happenings } from '../ui/happenings';
import type { Happening } from '../model/happening';
import { Operations } from './instances';

export function InstancePage({ id }: { id: string }) {
  const instance = useQuery({ queryKey: ['instance', id], queryFn: () => api.instance(id) });
  return <Loaded query={instance}>{(instance) => <Instance instance={instance} />}</Loaded>;
}

function Instance({ instance }: { instance: InstanceView }) {
  return (
    <>
      <div className="title">
        <div>
          <h1>
            <Link href={paths.person(instance.profile)}>{instance.profile}</Link> in{' '}
            <Link href={paths.journey(instance.journey)}>{instance.journey}</Link>
          </h1>
          <p>
            <Status status={instance.status} /> at <code>{instance.step}</code>
            {instance.reason && ` · ${instance.reason}`} · entered <Time at={instance.enteredAt} />
          </p>
        </div>
        <Operations instance={instance} />
      </div>
      {instance.failure && (
        <p className="error">
          Failed at <code>{instance.failure.step}</code>: <Said text={instance.failure.reason} /> ({instance.failure.kind})
        </p>
      )}
      {instance.waits && (
        <p className="panel waits">
          Waits for <Said text={instance.waits.text} />
          {instance.waits.until && (
            <>
              , which is due <Time at={instance.waits.until} />
            </>
          )}
          {instance.waits.call && (
            <code>
              {' '}
              {instance.waits.call.method} {instance.waits.call.connection} {instance.waits.call.path}
            </code>
          )}
        </p>
      )}
      <div className="split">
        <section className="panel">
          <h2>Path</h2>
          <ol className="timeline">
            {instance.path.map((turn) => (
              <li key={turn.turn}>
                <Time at={turn.at} />
                <Happenings happenings={turn.happenings as unknown as Happening[]} />
              </li>
            ))}
          </ol>
        </section>
        <section className="panel">
          <h2>Event</h2>
          <Json value={instance.event} />
          <h2>Variables</h2>
          <Json value={instance.variables} />
          <p className="note">
            Version <code>{instance.version.slice(0, 8)}</code> · instance <code>{instance.id}</code>
          </p>
        </section>
      </div>
    </>
  );
}
