// The request that an action or a message makes, for a person or sample data, before anything is sent.
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { type ActionView, api, type PreviewView } from '../api/client';
import { Loaded } from '../ui/basics';

export function PreviewPage() {
  const actions = useQuery({ queryKey: ['actions'], queryFn: api.actions });
  return (
    <>
      <h1>Preview</h1>
      <p className="note">What would go out, to the letter. Nothing is sent, and secrets are dots.</p>
      <Loaded query={actions}>{({ actions }) => <Form actions={actions} />}</Loaded>
    </>
  );
}

function Form({ actions }: { actions: ActionView[] }) {
  const [name, setName] = useState(actions[0]?.name ?? '');
  const [person, setPerson] = useState('');
  const [profile, setProfile] = useState('');
  const [event, setEvent] = useState('');
  const [args, setArgs] = useState('');
  const chosen = actions.find((action) => action.name === name);
  const preview = useMutation({
    mutationFn: async () =>
      api.preview({
        name,
        person: person.trim() || null,
        profile: read(profile, 'the attributes'),
        event: read(event, 'the event'),
        args: read(args, 'the arguments') ?? {},
      }),
  });
  if (!chosen) return <p className="note">There are no actions.</p>;
  return (
    <>
      <form
        className="panel preview-form"
        onSubmit={(submitted) => {
          submitted.preventDefault();
          preview.mutate();
        }}
      >
        <label>
          Action or message
          <select value={name} onChange={(changed) => setName(changed.target.value)}>
            {actions.map((action) => (
              <option key={`${action.kind} ${action.name}`} value={action.name}>
                {action.kind} {action.name}
              </option>
            ))}
          </select>
        </label>
        {chosen.doc && <p>{chosen.doc}</p>}
        <p className="note">
          {chosen.params.length ? chosen.params.map((param) => `${param.name}: ${param.type}`).join(', ') : 'It is given nothing.'}
        </p>
        <label>
          Person, by key
          <input value={person} onChange={(changed) => setPerson(changed.target.value)} />
        </label>
        <Sample label="or attributes of a sample person" value={profile} onChange={setProfile} example='{"customerId": "c1"}' />
        <Sample label="Event" value={event} onChange={setEvent} example='{"event": "Order Completed", "properties": {}}' />
        <Sample label="Arguments" value={args} onChange={setArgs} example="those not given are taken from the event and the person" />
        <button type="submit" disabled={preview.isPending}>
          Show the request
        </button>
      </form>
      {preview.error && <p className="error">{preview.error.message}</p>}
      {preview.data && <Shown preview={preview.data} />}
    </>
  );
}

interface SampleProps {
  label: string;
  value: string;
  example: string;
  onChange: (value: string) => void;
}

function Sample({ label, value, example, onChange }: SampleProps) {
  return (
    <label>
      {label}
      <textarea rows={3} spellCheck={false} placeholder={example} value={value} onChange={(changed) => onChange(changed.target.value)} />
    </label>
  );
}

/** What is written as JSON; nothing where nothing is written. */
function read(text: string, what: string) {
  if (!text.trim()) return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`);
  }
}

function Shown({ preview }: { preview: PreviewView }) {
  const { request } = preview;
  const lines = [`${request.method} ${request.url}`, ...request.headers.map(({ name, value }) => `${name}: ${value}`)];
  return (
    <>
      {preview.kind === 'message' && (
        <section aria-label="Message">
          <h2>Message</h2>
          {preview.fields.map((field) => (
            <div key={field.name}>
              <h3>{field.name}</h3>
              {/html$/i.test(field.name) ? <Html html={field.value} name={field.name} /> : <pre className="json">{field.value}</pre>}
            </div>
          ))}
        </section>
      )}
      <section aria-label="Request">
        <h2>Request</h2>
        <pre className="json">{`${lines.join('\n')}\n\n${request.body ?? ''}`}</pre>
      </section>
    </>
  );
}

/** HTML of a message, as a stranger: no scripts, no forms, and an origin that is nobody's. */
function Html({ html, name }: { html: string; name: string }) {
  return <iframe className="html" title={name} sandbox="" referrerPolicy="no-referrer" srcDoc={html} />;
}
