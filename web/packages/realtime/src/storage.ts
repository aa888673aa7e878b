import type { Outgoing } from './view.ts';

/** Where the outbox survives a reload. One store for all identities of an origin; each reads only its own. */
export interface OutboxStorage {
  all(identity: string): Promise<Outgoing[]>;
  put(identity: string, item: Outgoing): Promise<void>;
  remove(identity: string, clientId: string): Promise<void>;
}

export function memoryStorage(): OutboxStorage {
  const kept = new Map<string, Outgoing>();
  return {
    all: async (identity) =>
      [...kept].filter(([key]) => key.startsWith(`${identity}\n`)).map(([, item]) => structuredClone(item)),
    put: async (identity, item) => void kept.set(`${identity}\n${item.clientId}`, structuredClone(item)),
    remove: async (identity, clientId) => void kept.delete(`${identity}\n${clientId}`),
  };
}

const STORE = 'outbox';
function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** IndexedDB; where it cannot be opened (some private windows) memory takes its place, and the outbox lives as long as the page. */
export function indexedStorage(factory: IDBFactory): OutboxStorage {
  // Inside an async function: some browsers throw at once, others let the request fail.
  const open = async (): Promise<IDBDatabase> => {
    const request = factory.open('yingda', 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    return done(request);
  };
  const memory = memoryStorage();
  const database = open().catch(() => undefined);
  const within = async <T>(
    mode: IDBTransactionMode,
    run: (store: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T | undefined> => {
    const db = await database;
    if (!db) return undefined;
    const transaction = db.transaction(STORE, mode, { durability: 'strict' });
    const committed = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    const [value] = await Promise.all([done(run(transaction.objectStore(STORE))), committed]);
    return value;
  };
  return {
    async all(identity) {
      if (!(await database)) return memory.all(identity);
      // Keys are [identity, client id]; an array sorts after every string, so this range is exactly one identity.
      const range = IDBKeyRange.bound([identity], [identity, []]);
      return ((await within('readonly', (store) => store.getAll(range))) ?? []) as Outgoing[];
    },
    async put(identity, item) {
      if (!(await database)) return memory.put(identity, item);
      await within('readwrite', (store) => store.put(item, [identity, item.clientId]));
    },
    async remove(identity, clientId) {
      if (!(await database)) return memory.remove(identity, clientId);
      await within('readwrite', (store) => store.delete([identity, clientId]));
    },
  };
}
