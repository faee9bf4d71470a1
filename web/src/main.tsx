// The dashboard: a client of the API and nothing else. What is shown lives on the server, where one is lives in the URL.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { App } from './app';
import { ApiError } from './api/client';
import './style.css';

const client = new QueryClient({
  defaultOptions: {
    queries: {
      refetchInterval: 1000,
      // What the server refused stays refused; only a server that does not answer is asked again.
      retry: (failures, error) => !(error instanceof ApiError) && failures < 3,
    },
  },
});

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  );
}
