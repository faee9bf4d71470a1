// All journeys and audiences with their live counts.
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';

import { type AudienceView, api, type JourneySummary } from '../api/client';
import { paths } from '../paths';
import { Loaded } from '../ui/basics';

export function JourneysPage() {
  const journeys = useQuery({ queryKey: ['journeys'], queryFn: api.journeys });
  return (
    <>
      <h1>Journeys</h1>
      <Loaded query={journeys}>
        {({ journeys }) =>
          journeys.length === 0 ? (
            <p className="note">No journeys are deployed. Write one in a *.journey file and start the server with it.</p>
          ) : (
            <div className="cards">
              {journeys.map((journey) => (
                <JourneyCard key={journey.name} journey={journey} />
              ))}
            </div>
          )
        }
      </Loaded>
      <Audiences />
    </>
  );
}

/** Nothing at all where no audience is declared. */
function Audiences() {
  const audiences = useQuery({ queryKey: ['audiences'], queryFn: api.audiences });
  if (!audiences.data?.audiences.length) return null;
  return (
    <>
      <h1>Audiences</h1>
      <div className="cards">
        {audiences.data.audiences.map((audience) => (
          <AudienceCard key={audience.name} audience={audience} />
        ))}
      </div>
    </>
  );
}

function AudienceCard({ audience }: { audience: AudienceView }) {
  return (
    <Link href={paths.instances({ journey: audience.name, step: 'in' })} className="card">
      <h2>{audience.name}</h2>
      <p>{audience.doc ?? 'No description: write one with /// above it.'}</p>
      <dl className="counts">
        <Count label="belong to it" value={audience.members} />
        <Count label="watched" value={audience.watched} />
      </dl>
      <footer>
        version <code>{audience.version.slice(0, 8)}</code>
      </footer>
    </Link>
  );
}

function JourneyCard({ journey }: { journey: JourneySummary }) {
  const { counts } = journey;
  return (
    <Link href={paths.journey(journey.name)} className="card">
      <h2>{journey.name}</h2>
      <p>{journey.doc ?? `Enters on ${journey.entries.join(', ')}`}</p>
      <dl className="counts">
        <Count label="inside" value={counts.waiting} />
        <Count label="entered" value={counts.passed} />
        <Count label="ended" value={counts.ended} />
        {journey.goal && <Count label="reached" value={counts.reached} />}
        <Count label="failed" value={counts.failed} bad={counts.failed > 0} />
      </dl>
      <footer>
        on <code>{journey.entries.join(', ')}</code> · version <code>{journey.version.slice(0, 8)}</code>
      </footer>
    </Link>
  );
}

export function Count({ label, value, bad = false }: { label: string; value: number; bad?: boolean }) {
  return (
    <div className={bad ? 'bad' : ''}>
      <dt>{label}</dt>
      <dd>{value.toLocaleString()}</dd>
    </div>
  );
}
