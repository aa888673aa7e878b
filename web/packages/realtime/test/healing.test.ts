import { beforeEach, describe, expect, it } from 'vitest';
import { FakeServer } from './server.ts';
import { FakeClock, Tab } from './world.ts';

let clock: FakeClock;
let server: FakeServer;
let tab: Tab;
beforeEach(async () => {
  clock = new FakeClock();
  server = new FakeServer(clock);
  tab = new Tab(clock, server.connect);
  await tab.client.start();
  await clock.pass(0);
});

async function opened(): Promise<void> {
  void tab.client.open('c1');
  await clock.pass(10);
}

describe('healing', () => {
  it('opens with the newest hundred and loads older ones on demand', async () => {
    for (let seq = 1; seq <= 130; seq++) server.say(`t${seq}`);
    server.inboxRev++;
    await clock.pass(8_000);
    await opened();
    const view = tab.client.thread('c1');
    expect([view.items.length, view.items[0]?.entry?.seq, view.loaded, view.hasOlder]).toEqual([100, 31, true, true]);
  });

  it('asks for a hole at once, by the seq last held', async () => {
    server.say('one');
    await opened();
    server.mischief = () => [];
    server.say('two');
    server.mischief = (frame) => [frame];
    server.say('three');
    expect(tab.lines()).toEqual(['one']);
    await clock.pass(10);
    expect(tab.lines()).toEqual(['one', 'two', 'three']);
    expect(tab.sent('hello').at(-1)?.resume).toEqual([{ conversation: 'c1', after: 1 }]);
  });

  it('learns of a lost last entry from the heads of a pong', async () => {
    await opened();
    server.mischief = () => [];
    server.say('lost');
    server.mischief = (frame) => [frame];
    await clock.pass(7_100);
    expect(tab.lines()).toEqual(['lost']);
  });

  it('asks again while a hole stays open', async () => {
    await opened();
    server.mischief = (frame) => (frame.type === 'entry' && frame.seq === 1 ? [] : [frame]);
    server.say('one');
    server.say('two');
    await clock.pass(100);
    expect(tab.lines()).toEqual([]);
    server.mischief = (frame) => [frame];
    await clock.pass(1_600);
    expect(tab.lines()).toEqual(['one', 'two']);
  });

  it('shows everything once and in order while frames are dropped, doubled and swapped', async () => {
    await opened();
    let n = 0;
    let withheld: Parameters<typeof server.mischief>[0][] = [];
    server.mischief = (frame) => {
      if (frame.type !== 'entry') return [frame];
      n++;
      if (n % 10 === 3) return [];
      if (n % 10 === 6) {
        withheld.push(frame);
        return [];
      }
      const late = withheld;
      withheld = [];
      return n % 10 === 8 ? [frame, frame, ...late] : [frame, ...late];
    };
    for (let i = 1; i <= 200; i++) {
      server.say(`t${i}`);
      await clock.pass(20);
    }
    await clock.pass(8_000);
    expect(tab.lines()).toEqual(server.texts());
  });

  it('accepts hidden ranges without asking for them', async () => {
    server.say('one');
    await opened();
    const before = tab.sent('hello').length;
    server
      .entries()
      .push({ ...server.entries()[0]!, seq: 3, hidden: [2, 2], fallback: 'three', body: { text: 'three' } } as never);
    server.push({ type: 'entry', ...server.entries()[1]! });
    await clock.pass(7_100);
    expect(tab.lines()).toEqual(['one', 'three']);
    expect(tab.sent('hello').length).toBe(before);
  });

  it('asks for the inbox when its rev moved unseen', async () => {
    const conversation = server.conversations.get('c1')!;
    server.conversations.set('c1', { ...conversation, rev: 2, state: 'closed' });
    server.inboxRev++;
    await clock.pass(7_100);
    expect(tab.client.inbox().conversations[0]?.state).toBe('closed');
  });

  it('applies a delta, keeps the newer of two copies, and a full inbox replaces', async () => {
    const one = server.conversations.get('c1')!;
    server.push({
      type: 'inbox',
      rev: 2,
      full: false,
      items: [
        { ...one, rev: 5, state: 'closed' },
        { ...one, id: 'c2' },
      ],
      removed: [],
    });
    server.push({ type: 'inbox', rev: 3, full: false, items: [{ ...one, rev: 4, state: 'served' }], removed: [] });
    const states = () => tab.client.inbox().conversations.map(({ id, state }) => `${id} ${state}`);
    expect(states()).toEqual(['c1 closed', 'c2 served']);
    server.push({ type: 'inbox', rev: 4, full: false, items: [], removed: ['c1'] });
    expect(states()).toEqual(['c2 served']);
    server.push({ type: 'inbox', rev: 5, full: true, items: [{ ...one, id: 'c3' }], removed: [] });
    expect(states()).toEqual(['c3 served']);
  });

  it('drops the cache, fetches anew and sends the outbox again when the history is another one', async () => {
    server.say('one');
    server.say('two');
    await opened();
    server.mischief = (frame) => (frame.type === 'ack' || frame.type === 'entry' ? [] : [frame]);
    tab.client.send('c1', { kind: 'text', body: { text: 'mine' } });
    await clock.pass(10);
    // A backup is restored: the newest entries, mine among them, never were.
    server.mischief = (frame) => [frame];
    server.generation = 'g2';
    server.entries().length = 1;
    await clock.pass(7_100);
    await clock.pass(100);
    expect(tab.lines()).toEqual(['one', 'mine (sent)']);
    expect(server.texts()).toEqual(['one', 'mine']);
    expect(tab.client.outgoing()).toEqual([]);
  });

  it('tells arrivals from what was known, and counts unread until marked', async () => {
    server.say('old');
    await opened();
    await clock.pass(300);
    const heard: string[] = [];
    tab.client.on('arrived', ({ entry }) => heard.push(entry.fallback));
    server.say('new');
    await clock.pass(300);
    expect(heard).toEqual(['new']);
    expect(tab.client.thread('c1').unread).toBe(2);
    tab.client.markRead('c1');
    expect(tab.client.thread('c1').unread).toBe(0);
    const reads = tab.sent('read').map(({ delivered, read }) => [delivered, read]);
    expect(reads).toEqual([
      [1, undefined],
      [2, undefined],
      [2, 2],
    ]);
  });

  it('opens what was left before it had come', async () => {
    server.say('one');
    server.intercept = ({ type }) => type === 'hello';
    const early = tab.client.open('c1');
    await clock.pass(100);
    expect(tab.client.thread('c1').loaded).toBe(false);
    tab.client.leave('c1');
    await early; // nobody looks any more: it must not hang
    server.intercept = () => false;
    const again = tab.client.open('c1');
    await clock.pass(2_000);
    await again;
    expect(tab.lines()).toEqual(['one']);
  });

  it('does not begin a thread that was left while its record was fetched', async () => {
    let answer: (response: Response) => void = () => {};
    const fetch = () => new Promise<Response>((resolve) => (answer = resolve));
    const slow = new Tab(clock, server.connect, { side: 'staff' }, undefined, fetch);
    await slow.client.start();
    await clock.pass(0);
    server.add({ ...server.conversations.get('c1')!, id: 'c5' });
    const early = slow.client.open('c5');
    await clock.pass(0);
    slow.client.leave('c5');
    answer(Response.json({ conversation: server.conversations.get('c5') }));
    await early;
    await clock.pass(100);
    expect(slow.sent('hello').flatMap(({ resume = [] }) => resume)).toEqual([]);
  });

  it('shows the last words that still stand after a recall', async () => {
    const record = server.conversations.get('c1')!;
    const spoken = (seq: number, text: string) => ({ seq, kind: 'text', role: 'agent', text, at: clock.now }) as const;
    const told = (rev: number, head: number, last: ReturnType<typeof spoken>) =>
      server.push({ type: 'inbox', rev, full: false, items: [{ ...record, rev, head, last }], removed: [] });
    const shown = () => tab.client.conversation('c1')?.last?.text;
    server.say('stands');
    told(2, 1, spoken(1, 'stands'));
    const wrong = server.say('wrong');
    expect(shown()).toBe('wrong');
    server.say('recalled', { role: 'system', kind: 'system', body: { code: 'recalled', params: { target: 2 } } });
    told(4, 3, spoken(1, 'stands'));
    expect(shown()).toBe('stands');
    // A late copy of what was recalled changes nothing, what is said after it does.
    server.push({ type: 'entry', ...wrong });
    expect(shown()).toBe('stands');
    server.say('after');
    told(5, 3, spoken(1, 'stands'));
    expect(shown()).toBe('after');
  });

  it('refuses to open what may not be seen', async () => {
    server.add({ ...server.conversations.get('c1')!, id: 'c9' });
    server.inboxRev++;
    await clock.pass(7_100);
    server.log.delete('c9');
    const refused = tab.client.open('c9').catch((error: { code: string }) => error.code);
    await clock.pass(10);
    expect(await refused).toBe('not_found');
  });

  it('says typing now and then, and previews the latest words but never said ones', async () => {
    await opened();
    for (let i = 0; i < 40; i++) {
      tab.client.typing('c1', true);
      tab.client.preview('c1', 'x'.repeat(i + 1));
      await clock.pass(100);
    }
    expect(tab.sent('typing').length).toBe(2);
    expect(tab.sent('preview').length).toBeLessThanOrEqual(14);
    tab.client.preview('c1', 'almost');
    tab.client.send('c1', { kind: 'text', body: { text: 'almost' } });
    await clock.pass(1_000);
    expect(tab.sent('preview').map(({ text }) => text)).not.toContain('almost');
  });

  it('shows typing for six seconds, or until the person has spoken', async () => {
    await opened();
    const typing = () => tab.client.thread('c1').typing.length;
    server.push({ type: 'typing', conversation: 'c1', participant: 2, role: 'agent', on: true });
    await clock.pass(5_900);
    expect(typing()).toBe(1);
    await clock.pass(200);
    expect(typing()).toBe(0);
    server.push({ type: 'typing', conversation: 'c1', participant: 2, role: 'agent', on: true });
    server.say('here');
    expect(typing()).toBe(0);
  });
});
