// Every address of the dashboard, in one place.
import type { Search } from './api/client';

export const paths = {
  journeys: () => '/',
  journey: (name: string) => `/journeys/${encodeURIComponent(name)}`,
  instances: (search: Search) => {
    const given = Object.entries(search).filter((pair): pair is [string, string] => !!pair[1]);
    return given.length ? `/instances?${new URLSearchParams(given)}` : '/instances';
  },
  failed: () => '/failed',
  refused: () => '/refused',
  preview: () => '/preview',
  instance: (id: string) => `/instances/${id}`,
  person: (key: string) => `/people/${encodeURIComponent(key)}`,
};
