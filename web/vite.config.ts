import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// `npm run dev` serves the dashboard beside a `wayfare demo` on its usual address.
const api = 'http://127.0.0.1:7070';

export default defineConfig({
  plugins: [react()],
  build: { target: 'es2023', emptyOutDir: true, chunkSizeWarningLimit: 2000 },
  server: { proxy: { '/v1': api, '/openapi.json': api } },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'] },
});
