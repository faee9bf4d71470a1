// A person: attributes, and a timeline of events, steps, calls, and why an event did not start a journey.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';

import { ApiError, api, type EventView, type SubscriptionView, type TimelineEntry } from '../api/client';
import { type Happening, outcomeSentence } from '../model/happening';
import { paths } from '../paths';
import { Json, Loaded, Said, Time } from '../ui/basics';
import { Happenings } from '../ui/happenings';
import { InstanceTable } from './instances';
import { RefusedEvents } from './refused';

export function PersonPage({ person }: { person: string }) {
  const profile = useQuery({ queryKey: ['profile', person], queryFn: () => api.profile(person) });
  const instances = useQuery({ queryKey: ['instances-of', person], queryFn: () => api.instances({ profile: person }) });
  if (profile.error instanceof ApiError && profile.error.status === 404) {
    return (
      <>
        <h1>{person}</h1>
        <p className="note">Nobody is known by this key. People appear here with their first event or profile.</p>
        <RefusedEvents profile={person} />
      </>
    );
  }
  return (
    <>
      <h1>{person}</h1>
      <Loaded query={instances}>
        {(page) => (page.instances.length ? <InstanceTable instances={page.instances} ofOne /> : <p className="note">Has entered no journey.</p>)}
      </Loaded>
      <RefusedEvents profile={person} />
      <div className="split">
        <section className="panel">
          <h2>Timeline</h2>
          <Timeline person={person} />
        </section>
        <section className="panel">
          <h2>Attributes</h2>
          <Loaded query={profile}>
            {(profile) => (
              <dl className="attributes">
                {Object.entries(profile.attributes as Record<string, unknown>).map(([name, value]) => (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd>{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
                  </div>
                ))}
              </dl>
            )}
          </Loaded>
          {profile.data && profile.data.subscriptions.length > 0 && <Subscriptions all={profile.data.subscriptions} />}
        </section>
      </div>
    </>
  );
}

function Subscriptions({ all }: { all: SubscriptionView[] }) {
  return (
    <>
      <h2>Subscriptions</h2>
      <dl className="attributes">
        {all.map((one) => (
          <div key={one.policy}>
            <dt>{one.title}</dt>
            <dd>{one.subscribed ? 'subscribed' : 'unsubscribed'}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Timeline({ person }: { person: string }) {
  const timeline = useInfiniteQuery({
    queryKey: ['timeline', person],
    queryFn: ({ pageParam }) => api.timeline(person, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  if (timeline.error) return <p className="error">{timeline.error.message}</p>;
  if (timeline.isPending) return <p className="note">Loading…</p>;
  return (
    <>
      <ol className="timeline">
        {timeline.data.pages
          .flatMap((page) => page.entries)
          .map((entry) => (
            <Entry key={entry.event ? `event ${entry.event.id}` : `${entry.turn?.instance} ${entry.turn?.turn}`} entry={entry} />
          ))}
      </ol>
      {timeline.hasNextPage && (
        <button type="button" onClick={() => void timeline.fetchNextPage()} disabled={timeline.isFetchingNextPage}>
          Show older
        </button>
      )}
    </>
  );
}

function Entry({ entry }: { entry: TimelineEntry }) {
  return (
    <li>
      <Time at={entry.at} />
      {entry.event && <Event event={entry.event} />}
      {entry.turn && (
        <div>
          <Link href={paths.instance(entry.turn.instance)} className="where">
            {entry.turn.journey || 'journey'}
          </Link>
          <Happenings happenings={entry.turn.happenings as unknown as Happening[]} />
        </div>
      )}
    </li>
  );
}

function Event({ event }: { event: EventView }) {
  return (
    <div>
      <details>
        <summary className="event">
          Event <strong>{event.name}</strong>
        </summary>
        <Json value={event.properties} />
        <p className="note">
          id <code>{event.id}</code>
        </p>
      </details>
      <ul className="happenings">
        {event.outcomes.length === 0 && <li className="quiet">Stored; no journey listens for it here</li>}
        {event.outcomes.map((outcome, index) => {
          const { text, tone } = outcomeSentence({ ...outcome, reason: outcome.reason ?? null });
          const said = <Said text={text} />;
          return (
            <li key={index} className={tone}>
              {outcome.instance ? <Link href={paths.instance(outcome.instance)}>{said}</Link> : said}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
