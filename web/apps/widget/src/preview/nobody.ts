import {
  browserEnvironment,
  type Environment,
  memoryStorage,
  type ServerFrame,
  type SocketLike,
} from '@yingda/realtime';

/** A world in which the connection stands and nobody is at its other end: no call is answered, nothing leaves this page. */
export function nobodyBehind(): Environment {
  return {
    ...browserEnvironment(''),
    socket: quietSocket,
    storage: memoryStorage(),
    lock: undefined,
    channel: undefined,
    fetch: () => new Promise(() => {}),
  };
}

function quietSocket(): SocketLike {
  const push = (frame: ServerFrame) => socket.onmessage?.({ data: JSON.stringify(frame) });
  const socket: SocketLike = {
    onopen: null,
    onmessage: null,
    onclose: null,
    onerror: null,
    close: () => {},
    send(text) {
      if ((JSON.parse(text) as { type: string }).type !== 'hello') return;
      queueMicrotask(() => {
        const you = { kind: 'visitor', id: 'preview', name: '' } as const;
        const rhythm = { ping_ms: 3_600_000, deadline_ms: 7_000 };
        push({
          type: 'hello',
          generation: 'preview',
          now: Date.now(),
          you,
          ...rhythm,
          subscriptions: [],
          inbox_rev: 1,
        });
        push({ type: 'inbox', rev: 1, full: true, items: [], removed: [] });
      });
    },
  };
  setTimeout(() => socket.onopen?.());
  return socket;
}
