// Asks the API. Errors are its RFC 9457 problems; the admin key, where one is needed, stays in this tab.
import type { components } from './schema';

type Schemas = components['schemas'];
export type JourneyList = Schemas['JourneyList'];
export type JourneySummary = Schemas['JourneySummary'];
export type AudienceList = Schemas['AudienceList'];
export type AudienceView = Schemas['AudienceView'];
export type JourneyView = Schemas['JourneyView'];
export type GraphView = Schemas['GraphView'];
export type StepView = Schemas['StepView'];
export type Counts = Schemas['CountsView'];
export type InstancePage = Schemas['InstancePage'];
export type InstanceSummary = Schemas['InstanceSummary'];
export type InstanceView = Schemas['InstanceView'];
export type ConnectionView = Schemas['ConnectionView'];
export type ConnectionList = Schemas['ConnectionList'];
export type ActionCalls = Schemas['ActionCallsView'];
export type Operated = Schemas['OperatedView'];
export type ProfileView = Schemas['ProfileView'];
export type Timeline = Schemas['Timeline'];
export type TimelineEntry = Schemas['TimelineEntry'];
export type EventView = Schemas['EventView'];
export type SubscriptionView = Schemas['SubscriptionView'];
export type RefusedPage = Schemas['RefusedPage'];
export type ActionList = Schemas['ActionList'];
export type ActionView = Schemas['ActionView'];
export type NewPreview = Schemas['NewPreview'];
export type PreviewView = Schemas['PreviewView'];
export type SuppressionCounts = Schemas['SuppressionCounts'];
export type AddressView = Schemas['AddressView'];
export type Changed = Schemas['Changed'];

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const KEY = 'wayfare-key';

export const setKey = (key: string): void => sessionStorage.setItem(KEY, key);

async function ask<T>(path: string, method = 'GET', body?: unknown): Promise<T> {
  const key = sessionStorage.getItem(KEY);
  const headers = { ...(key && { authorization: `Bearer ${key}` }), ...(body !== undefined && { 'content-type': 'application/json' }) };
  const response = await fetch(path, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
  if (response.ok) return (await response.json()) as T;
  const problem = (await response.json().catch(() => ({}))) as { detail?: string };
  throw new ApiError(response.status, problem.detail ?? `the server answered ${response.status}`);
}

const query = (parameters: Record<string, string | undefined>): string => {
  const given = Object.entries(parameters).filter((pair): pair is [string, string] => !!pair[1]);
  return given.length ? `?${new URLSearchParams(given)}` : '';
};

export interface Search {
  journey?: string | undefined;
  step?: string | undefined;
  status?: string | undefined;
  profile?: string | undefined;
  kind?: string | undefined;
  before?: string | undefined;
}

export const api = {
  journeys: () => ask<JourneyList>('/v1/journeys'),
  audiences: () => ask<AudienceList>('/v1/audiences'),
  journey: (name: string, version?: string) =>
    ask<JourneyView>(`/v1/journeys/${encodeURIComponent(name)}${query({ version })}`),
  instances: (search: Search) => ask<InstancePage>(`/v1/instances${query({ ...search })}`),
  instance: (id: string) => ask<InstanceView>(`/v1/instances/${encodeURIComponent(id)}`),
  operate: (id: string, operation: 'retry' | 'skip' | 'cancel') =>
    ask<InstanceView>(`/v1/instances/${encodeURIComponent(id)}/${operation}`, 'POST'),
  operateAll: (operation: 'retry' | 'skip' | 'cancel', which: Search) =>
    ask<Operated>(`/v1/instances/${operation}`, 'POST', which),
  answer: (id: string, answer: unknown) =>
    ask<InstanceView>(`/v1/instances/${encodeURIComponent(id)}/answer`, 'POST', { answer }),
  connections: () => ask<ConnectionList>('/v1/connections'),
  hold: (connection: string, operation: 'pause' | 'resume') =>
    ask<ConnectionView>(`/v1/connections/${encodeURIComponent(connection)}/${operation}`, 'POST'),
  profile: (key: string) => ask<ProfileView>(`/v1/profiles/${encodeURIComponent(key)}`),
  timeline: (key: string, before?: string) =>
    ask<Timeline>(`/v1/profiles/${encodeURIComponent(key)}/timeline${query({ before })}`),
  refused: (search: { profile?: string | undefined; before?: string | undefined }) =>
    ask<RefusedPage>(`/v1/refusals${query(search)}`),
  actions: () => ask<ActionList>('/v1/actions'),
  suppressions: () => ask<SuppressionCounts>('/v1/suppressions'),
  suppression: (address: string) => ask<AddressView>('/v1/suppressions/find', 'POST', { address }),
  suppress: (address: string) => ask<Changed>('/v1/suppressions', 'POST', { addresses: [address] }),
  unsuppress: (address: string, policy?: string) => ask<Changed>('/v1/suppressions/remove', 'POST', { addresses: [address], policy }),
  preview: (wanted: NewPreview) => ask<PreviewView>('/v1/preview', 'POST', wanted),
};
