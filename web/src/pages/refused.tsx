// Events that were not taken: which, why, and what came.
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from 'wouter';

import { api } from '../api/client';
import { paths } from '../paths';
import { Said, Time } from '../ui/basics';

export function RefusedPage() {
  return (
    <>
      <h1>Refused events</h1>
      <p className="note">What does not fit its declaration is refused, and its sender is told the same. The newest are kept here.</p>
      <RefusedEvents />
    </>
  );
}

/** The refused events of all, or of one person, under a heading if there are any. */
export function RefusedEvents({ profile }: { profile?: string }) {
  const found = useInfiniteQuery({
    queryKey: ['refused', profile],
    queryFn: ({ pageParam }) => api.refused({ profile, before: pageParam }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const refused = found.data?.pages.flatMap((page) => page.refused) ?? [];
  return (
    <>
      {found.error && <p className="error">{found.error.message}</p>}
      {found.data && refused.length === 0 && !profile && <p className="note">No event was refused.</p>}
      {refused.length > 0 && profile && <h2>Refused events</h2>}
      {refused.length > 0 && (
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th>Event</th>
                {!profile && <th>Person</th>}
                <th>Why</th>
                <th>When</th>
              </tr>
            </thead>
            <tbody>
              {refused.map((event) => (
                <tr key={event.id}>
                  <td>
                    {event.event ?? <span className="quiet">unreadable</span>}
                    {event.eventId && <small> {event.eventId}</small>}
                  </td>
                  {!profile && <td>{event.profile && <Link href={paths.person(event.profile)}>{event.profile}</Link>}</td>}
                  <td>
                    <details>
                      <summary>
                        {event.field && <code>{event.field}</code>} <Said text={event.reason} />
                      </summary>
                      <pre className="json">{event.body}</pre>
                    </details>
                  </td>
                  <td>
                    <Time at={event.at} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {found.hasNextPage && (
        <button type="button" onClick={() => void found.fetchNextPage()} disabled={found.isFetchingNextPage}>
          Show more
        </button>
      )}
    </>
  );
}
