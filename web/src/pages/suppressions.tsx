// The suppression list: whether an address gets messages, since when not and why; putting one on the list and taking it off.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useId, useRef, useState } from 'react';

import { type AddressView, api } from '../api/client';
import { Loaded, Time } from '../ui/basics';

/** What the reasons mean, in the order in which they are counted. */
const REASONS: Record<string, string> = {
  bounced: 'nobody is there: mail to it came back',
  complained: 'whoever is there complained',
  listed: 'somebody put it on the list',
  unsubscribed: 'whoever had it unsubscribed',
};

/** What is to be thought of before one of them is taken off. */
const RISKS: Record<string, string> = {
  bounced: 'Mail that comes back once more makes providers trust all your mail less.',
  complained: 'Whoever complains twice makes providers trust all your mail less.',
  unsubscribed: 'Only do it if whoever has the address now has said that they want it.',
};

export function SuppressionsPage() {
  const [asked, ask] = useState<string | undefined>();
  return (
    <>
      <h1>Suppression list</h1>
      <p className="note">
        Addresses that get no message any more. The list holds keyed hashes and no addresses, so it cannot be read through: ask it about one.
      </p>
      <Counts />
      <Asking onAsk={ask} />
      {asked && <Answer key={asked} address={asked} />}
    </>
  );
}

function Counts() {
  const counts = useQuery({ queryKey: ['suppressions'], queryFn: api.suppressions });
  return (
    <Loaded query={counts}>
      {({ reasons }) => (
        <dl className="counts">
          {Object.keys({ ...REASONS, ...reasons }).map((reason) => (
            <div key={reason}>
              <dt>{reason}</dt>
              <dd>{(reasons[reason] ?? 0).toLocaleString()}</dd>
            </div>
          ))}
        </dl>
      )}
    </Loaded>
  );
}

function Asking({ onAsk }: { onAsk: (address: string) => void }) {
  const client = useQueryClient();
  const [address, change] = useState('');
  return (
    <form
      className="asking"
      onSubmit={(event) => {
        event.preventDefault();
        if (!address.trim()) return;
        onAsk(address.trim());
        // The same address again is asked about again.
        void client.invalidateQueries({ queryKey: ['suppression', address.trim()] });
      }}
    >
      <label htmlFor="address">Address</label>
      <input
        id="address"
        required
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        placeholder="ada@example.com or +49 170 1234"
        value={address}
        onChange={(event) => change(event.target.value)}
      />
      <button type="submit">Look up</button>
    </form>
  );
}

/** What the list says of an address, told to those who do not see it too. */
function Answer({ address }: { address: string }) {
  const found = useQuery({ queryKey: ['suppression', address], queryFn: () => api.suppression(address) });
  return (
    <section className="panel answer" aria-label="Answer">
      <h2 className="address">{address}</h2>
      <div role="status">
        <Loaded query={found}>{(found) => <Verdict found={found} />}</Loaded>
      </div>
      {found.data && <Change address={address} reason={found.data.reason ?? undefined} />}
      {found.data?.left.map((left) => (
        <div key={left.policy} className="left">
          <p>
            <span className="status waiting">unsubscribed</span> It gets nothing of {left.title ?? left.policy}: whoever had it unsubscribed,
            and was erased · <Time at={left.since} />
          </p>
          <Change address={address} reason="unsubscribed" policy={left.policy} />
        </div>
      ))}
    </section>
  );
}

function Verdict({ found: { reason, since, left } }: { found: AddressView }) {
  if (!reason || !since) return <p>It is not on the list: messages go to it{left.length > 0 && ', but for what follows'}.</p>;
  return (
    <p>
      <span className="status failed">{reason}</span> It gets no message: {REASONS[reason] ?? reason} · <Time at={since} />
    </p>
  );
}

/** Puts the address on the list; or takes it off, after a second look. */
interface ChangeProps {
  address: string;
  /** Why it gets nothing; none if it does. */
  reason: string | undefined;
  /** The policy that this is about, else it is about all messages. */
  policy?: string;
}

function Change({ address, reason, policy }: ChangeProps) {
  const client = useQueryClient();
  const [doubtful, doubt] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const wasDoubtful = useRef(false);
  const change = useMutation({
    mutationFn: () => (reason ? api.unsuppress(address, policy) : api.suppress(address)),
    onSettled: () => {
      doubt(false);
      return Promise.all([
        client.invalidateQueries({ queryKey: ['suppression', address] }),
        client.invalidateQueries({ queryKey: ['suppressions'] }),
      ]);
    },
  });
  useEffect(() => {
    // The question is gone, and with it what had the focus.
    if (doubtful) {
      wasDoubtful.current = true;
    } else if (wasDoubtful.current && !change.isPending) {
      wasDoubtful.current = false;
      button.current?.focus();
    }
  }, [doubtful, change.isPending]);
  return (
    <div className="operations wraps">
      {doubtful ? (
        <Doubt risk={RISKS[reason ?? '']} busy={change.isPending} onYes={() => change.mutate()} onNo={() => doubt(false)} />
      ) : (
        <button type="button" ref={button} disabled={change.isPending} onClick={() => (reason ? doubt(true) : change.mutate())}>
          {reason ? 'Take it off the list' : 'Put it on the list'}
        </button>
      )}
      {change.error && (
        <p className="error" role="alert">
          {change.error.message}
        </p>
      )}
    </div>
  );
}

interface DoubtProps {
  risk: string | undefined;
  busy: boolean;
  onYes: () => void;
  onNo: () => void;
}

function Doubt({ risk, busy, onYes, onNo }: DoubtProps) {
  // Whoever came by the keyboard stays where the question is, at the answer that changes nothing.
  const no = useRef<HTMLButtonElement>(null);
  useEffect(() => no.current?.focus(), []);
  const id = useId();
  return (
    <div role="group" aria-labelledby={id}>
      <p id={id}>Let messages go to it again? {risk}</p>
      <button type="button" disabled={busy} onClick={onYes}>
        Yes, take it off
      </button>
      <button type="button" ref={no} disabled={busy} onClick={onNo}>
        No
      </button>
    </div>
  );
}
