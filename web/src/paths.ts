// Every address of the dashboard, in one place.
import type { Search } from './api/client';

const at = (path: string, search: Search): string => {
  const given = Object.entries(search).filter((pair): pair is [string, string] => !!pair[1]);
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
};

export const paths = {
  journeys: () => '/',
  journey: (name: string) => `/journeys/${encodeURIComponent(name)}`,
  instances: (search: Search) => at('/instances', search),
  failed: (search: Search = {}) => at('/failed', search),
  refused: () => '/refused',
  connections: () => '/connections',
  suppressions: () => '/suppressions',
  preview: () => '/preview',
  instance: (id: string) => `/instances/${id}`,
  person: (key: string) => `/people/${encodeURIComponent(key)}`,
};
