// The frame: where one can go, and the table of pages.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, Route, Switch, useLocation } from 'wouter';

import { ApiError, api, setKey } from './api/client';
import { ConnectionsPage } from './pages/connections';
import { FailedPage } from './pages/failed';
import { InstancePage } from './pages/instance';
import { InstancesPage } from './pages/instances';
import { JourneyPage } from './pages/journey';
import { JourneysPage } from './pages/journeys';
import { PersonPage } from './pages/person';
import { PreviewPage } from './pages/preview';
import { RefusedPage } from './pages/refused';
import { SuppressionsPage } from './pages/suppressions';
import { paths } from './paths';

export function App() {
  const journeys = useQuery({ queryKey: ['journeys'], queryFn: api.journeys });
  if (journeys.error instanceof ApiError && [401, 403].includes(journeys.error.status)) {
    return <KeyForm onKey={() => void journeys.refetch()} wrong={journeys.error.message} />;
  }
  const failed = journeys.data?.journeys.reduce((sum, journey) => sum + journey.counts.failed, 0) ?? 0;
  return (
    <>
      <header>
        <Link href={paths.journeys()} className="brand">
          <img src="/favicon.svg" alt="" width="24" height="24" /> Wayfare
        </Link>
        <nav>
          <Tab href={paths.journeys()}>Journeys</Tab>
          <Tab href={paths.instances({})}>Instances</Tab>
          <Tab href={paths.failed()}>
            Failed{failed > 0 && <span className="badge bad">{failed}</span>}
          </Tab>
          <Tab href={paths.refused()}>Refused</Tab>
          <Tab href={paths.connections()}>Connections</Tab>
          <Tab href={paths.suppressions()}>Suppressed</Tab>
          <Tab href={paths.preview()}>Preview</Tab>
        </nav>
        <FindPerson />
        <span className={journeys.isError ? 'live lost' : 'live'} role="status">
          {journeys.isError ? 'no connection' : 'live'}
        </span>
      </header>
      <main>
        <Switch>
          <Route path="/">
            <JourneysPage />
          </Route>
          <Route path="/journeys/:name">{({ name }) => <JourneyPage key={name} name={decodeURIComponent(name)} />}</Route>
          <Route path="/instances">
            <InstancesPage />
          </Route>
          <Route path="/failed">
            <FailedPage />
          </Route>
          <Route path="/preview">
            <PreviewPage />
          </Route>
          <Route path="/refused">
            <RefusedPage />
          </Route>
          <Route path="/connections">
            <ConnectionsPage />
          </Route>
          <Route path="/suppressions">
            <SuppressionsPage />
          </Route>
          <Route path="/instances/:id">{({ id }) => <InstancePage key={id} id={id} />}</Route>
          <Route path="/people/:key">{({ key }) => <PersonPage key={key} person={decodeURIComponent(key)} />}</Route>
          <Route>
            <h1>There is no such page</h1>
            <Link href="/">To the journeys</Link>
          </Route>
        </Switch>
      </main>
    </>
  );
}

function Tab({ href, children }: { href: string; children: React.ReactNode }) {
  const [here] = useLocation();
  const current = href === '/' ? here === '/' || here.startsWith('/journeys') : here.startsWith(href);
  return (
    <Link href={href} aria-current={current ? 'page' : undefined}>
      {children}
    </Link>
  );
}

function FindPerson() {
  const [, go] = useLocation();
  const [key, setPerson] = useState('');
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        if (key.trim()) go(paths.person(key.trim()));
      }}
    >
      <input
        type="search"
        placeholder="Find a person by key"
        aria-label="Find a person by key"
        value={key}
        onChange={(event) => setPerson(event.target.value)}
      />
    </form>
  );
}

function KeyForm({ onKey, wrong }: { onKey: () => void; wrong: string }) {
  const [key, change] = useState('');
  return (
    <form
      className="key-form"
      onSubmit={(event) => {
        event.preventDefault();
        setKey(key.trim());
        onKey();
      }}
    >
      <h1>Wayfare</h1>
      <p>This server asks for an admin key. It is kept in this tab only.</p>
      <label>
        Admin key
        <input type="password" autoFocus value={key} onChange={(event) => change(event.target.value)} />
      </label>
      <p className="note">{wrong}</p>
      <button type="submit">Open the dashboard</button>
    </form>
  );
}
