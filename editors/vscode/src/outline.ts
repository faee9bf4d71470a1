// The journeys of a text, by the word that begins them in the first column.

interface Declared {
  name: string;
  line: number;
}

function journeys(text: string): Declared[] {
  return text.split('\n').flatMap((line, number) => {
    const name = /^journey\s+([\p{L}_][\p{L}\p{N}_]*)/u.exec(line)?.[1];
    return name === undefined ? [] : [{ name, line: number }];
  });
}

/** The names of all journeys, in order. */
export const journeyNames = (text: string): string[] => journeys(text).map((one) => one.name);

/** The journey that a line stands in. */
export function journeyAt(text: string, line: number): string | undefined {
  const begins = /^(?:use|profile|event|type|connection|action|message|journey|test)\b/;
  const above = text.split('\n').slice(0, line + 1);
  const start = above.findLastIndex((one) => begins.test(one));
  return journeys(text).find((one) => one.line === start)?.name;
}
