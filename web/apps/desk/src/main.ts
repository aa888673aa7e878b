import { RealtimeClient } from '@yingda/realtime';
import { createDesk } from './desk.ts';

const desk = createDesk({
  connect: (me, locale) =>
    new RealtimeClient({
      side: 'staff',
      identity: `staff:${me.id}`,
      client: { kind: 'desk', version: import.meta.env.VITE_VERSION ?? 'dev' },
      headers: { 'X-Yingda-Client': 'desk', 'Accept-Language': locale },
    }),
});
desk.mount('#app');
