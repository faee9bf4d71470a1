// The lines of a turn: a sentence each, with the request or the answer behind it.
import { type Happening, sentence } from '../model/happening';
import { Said } from './basics';

export function Happenings({ happenings }: { happenings: Happening[] }) {
  return (
    <ul className="happenings">
      {happenings.map((happening, index) => {
        const { text, tone } = sentence(happening);
        const exchange = details(happening);
        return (
          <li key={index} className={tone}>
            {exchange ? (
              <details>
                <summary><Said text={text} /></summary>
                <pre className="json">{exchange}</pre>
              </details>
            ) : (
              <Said text={text} />
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** A mail as it is read: its head, then its text, then its HTML. */
function mail(request: NonNullable<Happening['request']>): string {
  const [kind, content] = request.body ?? ['text/plain', ''];
  const head = [`MAIL (connection ${request.connection})`, ...request.headers.map(([name, value]) => `${name}: ${value}`)];
  const text = request.text === undefined ? [] : ['', '--- text/plain ---', request.text];
  return [...head, ...text, '', `--- ${kind} ---`, content].join('\n');
}

function details(happening: Happening): string | undefined {
  const { request } = happening;
  if (request?.method === 'MAIL') return mail(request);
  if (request) {
    const headers = request.headers.map(([name, value]) => `${name}: ${value}`);
    const type = request.body ? [`content-type: ${request.body[0]}`] : [];
    const head = [`${request.method} ${request.path}`, `(connection ${request.connection})`, ...headers, ...type];
    return [...head, '', request.body?.[1] ?? ''].join('\n').trimEnd();
  }
  if (happening.what === 'call-ended' && happening.body) return happening.body;
  return undefined;
}
