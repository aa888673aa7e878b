import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

export default defineConfig({
  base: '/desk/',
  plugins: [
    vue({
      // Hoisted runs of static markup would be set through innerHTML, which the content policy forbids.
      template: { compilerOptions: { hoistStatic: false } },
    }),
  ],
  define: {
    __VUE_I18N_FULL_INSTALL__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
    __VUE_OPTIONS_API__: false,
    __VUE_PROD_DEVTOOLS__: false,
  },
  // Images and fonts inlined as data: URLs would need an exception in the content policy.
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { '/api': { target: process.env.YINGDA_SERVER ?? 'http://127.0.0.1:8080', ws: true } } },
});
