import type { Conversation, DeliveryState, Entry, Outgoing, ThreadItem } from '@yingda/realtime';

/** Tests and pictures only: small, plain examples to be varied by the few fields that matter. */
export const noon = new Date(2026, 10, 20, 14, 36, 0).getTime();

export function conversation(over: Partial<Conversation> = {}): Conversation {
  return {
    id: 'c1',
    state: 'served',
    rev: 1,
    head: 1,
    site: { id: 's1', name: '星桥通信' },
    channel: { id: 'ch1', kind: 'web', name: '网页' },
    group: { id: 'g1', name: '宽带与装维' },
    customer: { id: 'cu1', name: '访客 7F3A' },
    opened_at: noon - 600_000,
    read: { mine: 0, theirs: 0, delivered_theirs: 0 },
    unread: 0,
    ...over,
  };
}

type EntryOver = Partial<Omit<Entry, 'kind' | 'body'>> & Partial<Pick<Entry, 'kind'>> & { body?: unknown };

export function entry(over: EntryOver = {}): Entry {
  return {
    conversation: 'c1',
    seq: 1,
    kind: 'text',
    v: 1,
    at: noon - 60_000,
    author: { participant: 1, role: 'customer', name: '访客 7F3A' },
    body: { text: '你好' },
    fallback: '你好',
    ...over,
  } as Entry; // the kind and the body are chosen together by the one who asks
}

export function item(of: Entry, delivery?: DeliveryState): ThreadItem {
  return { key: `${of.conversation}#${of.seq}`, entry: of, delivery };
}

export function outgoing(over: Partial<Outgoing> = {}): Outgoing {
  return {
    clientId: 'o1',
    conversation: 'c1',
    content: { kind: 'text', body: { text: '马上为您处理' } },
    at: noon,
    ...over,
  };
}

export function pending(over: Partial<Outgoing>, delivery: DeliveryState = 'waiting'): ThreadItem {
  const one = outgoing(over);
  return { key: one.clientId, outgoing: one, delivery };
}
