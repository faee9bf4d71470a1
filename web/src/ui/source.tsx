// A journey's text, with the selected step marked. Spans are in bytes of UTF-8, as the compiler counts.
import { useEffect, useRef } from 'react';

import { highlight, pieces } from '../model/source';

export function Source({ text, mark }: { text: string; mark: { start: number; end: number } | undefined }) {
  const marked = useRef<HTMLElement>(null);
  const start = mark?.start;
  useEffect(() => {
    if (start !== undefined) marked.current?.scrollIntoView({ block: 'center', behavior: 'smooth' });
  }, [start]);
  const [before, inside, after] = pieces(text, mark);
  return (
    <pre className="code">
      <code>
        <Tokens text={before} />
        {inside && (
          <mark ref={marked}>
            <Tokens text={inside} />
          </mark>
        )}
        <Tokens text={after} />
      </code>
    </pre>
  );
}

function Tokens({ text }: { text: string }) {
  return highlight(text).map(([kind, token], index) =>
    kind ? (
      <span key={index} className={kind}>
        {token}
      </span>
    ) : (
      token
    ),
  );
}
