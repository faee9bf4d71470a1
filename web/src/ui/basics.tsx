// Small pieces that know nothing of journeys: loading, errors, times, JSON, statuses.
import type { UseQueryResult } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { ago } from '../model/time';

/** What was asked for, or why it is not there (yet). */
export function Loaded<T>({ query, children }: { query: UseQueryResult<T>; children: (data: T) => React.ReactNode }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) {
    return (
      <p className="error">
        <Said text={query.error.message} />
      </p>
    );
  }
  return <p className="note">Loading…</p>;
}

/** A moment as "3 minutes ago", with the exact time on hover. */
export function Time({ at }: { at: string }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <time dateTime={at} title={new Date(at).toLocaleString()}>
      {ago(Date.parse(at), now)}
    </time>
  );
}

export function Status({ status }: { status: string }) {
  return <span className={`status ${status}`}>{status}</span>;
}

/** A sentence of the server, in which names stand in backticks. */
export function Said({ text }: { text: string }) {
  const parts = text.split('`');
  // Of an odd one nobody knows what it encloses.
  if (parts.length % 2 === 0) return <>{text}</>;
  return <>{parts.map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>;
}

/** Data from outside, shown as text and never as anything else. */
export function Json({ value }: { value: unknown }) {
  return <pre className="json">{JSON.stringify(value, null, 2)}</pre>;
}
