import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

/** During `vite` development the API is the running read API; the built files are served by it directly. */
export default defineConfig(({ mode }) => ({
  root: import.meta.dirname,
  plugins: [vue()],
  define: { __VUE_OPTIONS_API__: false, __VUE_PROD_DEVTOOLS__: false },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    cssTarget: ['chrome123', 'safari17.5', 'firefox128'],
    reportCompressedSize: mode === 'production',
  },
  server: { proxy: { '/graphql': 'http://127.0.0.1:4000' } },
}));
