import { beforeEach, describe, expect, it } from 'vitest';
import { FakeServer } from './server.ts';
import { conversation, FakeClock, FakeOrigin, settle, Tab } from './world.ts';

let clock: FakeClock;
let server: FakeServer;
let origin: FakeOrigin;
beforeEach(() => {
  clock = new FakeClock();
  server = new FakeServer(clock);
  origin = new FakeOrigin();
});

async function opened(): Promise<Tab> {
  const tab = new Tab(clock, server.connect, {}, origin);
  await tab.client.start();
  await clock.pass(0);
  if (server.reachable) {
    void tab.client.open('c1');
    await clock.pass(10);
  }
  return tab;
}
const say = (tab: Tab, text: string, id = 'c1') => tab.client.send(id, { kind: 'text', body: { text } });

describe('outbox', () => {
  it('shows at once, then sent, delivered, read', async () => {
    const tab = await opened();
    server.mischief = (frame) => (frame.type === 'ack' || frame.type === 'entry' ? [] : [frame]);
    const { clientId } = say(tab, 'a');
    expect(tab.lines()).toEqual(['a (sending)']);
    server.mischief = (frame) => [frame];
    server.push({ type: 'ack', conversation: 'c1', client_id: clientId, seq: 1, at: clock.now });
    expect(tab.lines()).toEqual(['a (sent)']);
    await clock.pass(1_600);
    expect(tab.lines()).toEqual(['a (sent)']);
    expect(tab.client.thread('c1').items[0]?.entry?.seq).toBe(1);
    const read = { type: 'read', conversation: 'c1', participant: 2, role: 'agent' } as const;
    server.push({ ...read, delivered: 1, read: 0 });
    expect(tab.lines()).toEqual(['a (delivered)']);
    server.push({ ...read, delivered: 1, read: 1 });
    expect(tab.lines()).toEqual(['a (read)']);
  });

  it('keeps the key of a line from pending to committed, so that nothing is drawn twice', async () => {
    const tab = await opened();
    const { clientId } = say(tab, 'a');
    await clock.pass(10);
    expect(tab.client.thread('c1').items.map(({ key }) => key)).toEqual([`c:${clientId}`]);
  });

  it('says that words wait only once they would survive the page', async () => {
    server.reachable = false;
    const tab = await opened();
    const put = origin.storage.put;
    let write = () => {};
    origin.storage.put = async (identity, item) => {
      await new Promise<void>((resolve) => {
        write = resolve;
      });
      await put(identity, item);
    };
    say(tab, 'one');
    await settle();
    expect(tab.lines()).toEqual(['one (sending)']);
    write();
    await settle();
    expect(tab.lines()).toEqual(['one (waiting)']);
  });

  it('does not take back what was moved while the disk was read', async () => {
    server.reachable = false;
    const tab = await opened();
    say(tab, 'first words', 'new:x');
    await settle();
    const read = origin.storage.all;
    let answer = () => {};
    origin.storage.all = async (identity) => {
      const items = await read(identity);
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return items;
    };
    server.reachable = true;
    await clock.pass(20_000);
    const moved = tab.client.move('new:x', 'c1');
    answer();
    await moved;
    await clock.pass(1_000);
    expect(server.texts()).toEqual(['first words']);
    expect(tab.client.outgoing()).toEqual([]);
  });

  it('sends in order across a reconnect, each exactly once', async () => {
    const tab = await opened();
    server.reachable = false;
    server.cut();
    for (const text of ['one', 'two', 'three']) say(tab, text);
    await settle();
    expect(tab.lines()).toEqual(['one (waiting)', 'two (waiting)', 'three (waiting)']);
    server.reachable = true;
    await clock.pass(20_000);
    expect(server.texts()).toEqual(['one', 'two', 'three']);
    expect(tab.lines()).toEqual(['one (sent)', 'two (sent)', 'three (sent)']);
  });

  it('sends in order after a restart of the page', async () => {
    server.reachable = false;
    const before = await opened();
    for (const text of ['one', 'two']) say(before, text);
    await settle();
    before.client.stop();
    server.reachable = true;
    clock.now -= 60_000; // and the clock stepped back
    const after = await opened();
    say(after, 'three');
    await clock.pass(100);
    expect(server.texts()).toEqual(['one', 'two', 'three']);
    expect(await origin.storage.all('visitor:demo')).toEqual([]);
  });

  it('survives a lost ack without saying it twice', async () => {
    const tab = await opened();
    server.mischief = (frame) => (frame.type === 'ack' || frame.type === 'entry' ? [] : [frame]);
    say(tab, 'a');
    say(tab, 'b');
    await clock.pass(100);
    server.mischief = (frame) => [frame];
    server.cut();
    await clock.pass(1_000);
    expect(server.texts()).toEqual(['a', 'b']);
    expect(tab.lines()).toEqual(['a (sent)', 'b (sent)']);
  });

  it('sends again on a living connection that answers nothing for ten seconds', async () => {
    const tab = await opened();
    server.mischief = (frame) => (frame.type === 'ack' || frame.type === 'entry' ? [] : [frame]);
    say(tab, 'a');
    await clock.pass(9_900);
    expect(tab.sent('send').length).toBe(1);
    server.mischief = (frame) => (frame.type === 'entry' ? [] : [frame]);
    await clock.pass(200);
    expect(tab.sent('send').length).toBe(2);
    expect(tab.client.outgoing()).toEqual([]);
    expect(server.texts()).toEqual(['a']);
  });

  it('waits out a refusal with retry_ms and lets nothing overtake', async () => {
    const tab = await opened();
    server.intercept = (frame, socket) => {
      if (frame.type !== 'send') return false;
      const { client_id } = frame;
      socket.push({ type: 'error', code: 'rate_limited', message: '', client_id, retry_ms: 3_000 });
      return true;
    };
    say(tab, 'a');
    say(tab, 'b');
    await clock.pass(100);
    server.intercept = () => false;
    await clock.pass(2_000);
    expect(server.texts()).toEqual([]);
    await clock.pass(1_000);
    expect(server.texts()).toEqual(['a', 'b']);
  });

  it('keeps a finally refused entry until it is retried or discarded, and goes on with the next', async () => {
    const tab = await opened();
    server.intercept = (frame, socket) => {
      if (frame.type !== 'send' || frame.kind !== 'text' || frame.body.text !== 'bad') return false;
      socket.push({ type: 'error', code: 'text_invalid', message: '不行', client_id: frame.client_id });
      return true;
    };
    const refused: string[] = [];
    tab.client.on('refused', ({ code }) => refused.push(code));
    const bad = say(tab, 'bad');
    say(tab, 'good');
    await clock.pass(100);
    expect(tab.lines()).toEqual(['good (sent)', 'bad (failed)']);
    expect(refused).toEqual(['text_invalid']);
    server.intercept = () => false;
    tab.client.retry(bad.clientId);
    await clock.pass(100);
    expect(server.texts()).toEqual(['good', 'bad']);
    expect(tab.sent('send').filter(({ client_id }) => client_id === bad.clientId).length).toBe(1);
    tab.client.discard(say(tab, 'later').clientId);
    expect(tab.client.outgoing()).toEqual([]);
  });

  it('follows an episode that went on in another conversation', async () => {
    const tab = await opened();
    server.add(conversation('c2'));
    server.intercept = (frame, socket) => {
      if (frame.type !== 'send' || frame.conversation !== 'c1') return false;
      const made = server.say('a', { role: 'customer', client_id: frame.client_id }, 'c2');
      const { client_id } = frame;
      socket.push({ type: 'ack', conversation: 'c1', client_id, seq: made.seq, at: made.at, moved_to: 'c2' });
      return true;
    };
    const moves: (string | undefined)[] = [];
    tab.client.on('acked', ({ movedTo }) => moves.push(movedTo));
    server.cut();
    say(tab, 'a');
    say(tab, 'b');
    await clock.pass(1_000);
    expect(moves).toEqual(['c2', undefined]);
    expect(server.texts('c2')).toEqual(['a', 'b']);
    expect(server.texts('c1')).toEqual([]);
  });

  it('holds what was written before the conversation exists, and gives it over in order', async () => {
    const tab = await opened();
    say(tab, 'one', 'new:x');
    say(tab, 'two', 'new:x');
    await clock.pass(20_000);
    expect(tab.sent('send')).toEqual([]);
    expect(tab.lines('new:x').length).toBe(2);
    await tab.client.move('new:x', 'c1');
    await clock.pass(10);
    expect(server.texts()).toEqual(['one', 'two']);
    expect(tab.lines('new:x')).toEqual([]);
  });
});

describe('two tabs', () => {
  it('let one send for both, and both see the same', async () => {
    const first = await opened();
    const second = await opened();
    say(second, 'from the second');
    await settle();
    say(first, 'from the first');
    await clock.pass(100);
    expect(server.texts()).toEqual(['from the second', 'from the first']);
    expect(first.sent('send').length).toBe(2);
    expect(second.sent('send').length).toBe(0);
    expect(first.lines()).toEqual(second.lines());
    expect(second.client.outgoing()).toEqual([]);
  });

  it('hand sending over when the sending tab goes', async () => {
    const first = await opened();
    const second = await opened();
    server.mischief = (frame) => (frame.type === 'ack' || frame.type === 'entry' ? [] : [frame]);
    say(second, 'a');
    await settle();
    expect(first.sent('send').length).toBe(1);
    first.client.stop();
    server.mischief = (frame) => [frame];
    await clock.pass(100);
    expect(second.sent('send').length).toBe(1);
    expect(server.texts()).toEqual(['a']);
    expect(second.client.outgoing()).toEqual([]);
  });

  it('show a refusal in both, and a discard too', async () => {
    const first = await opened();
    const second = await opened();
    server.intercept = (frame, socket) => {
      if (frame.type !== 'send') return false;
      socket.push({ type: 'error', code: 'text_invalid', message: '', client_id: frame.client_id });
      return true;
    };
    const { clientId } = say(second, 'bad');
    await clock.pass(10);
    expect(second.lines()).toEqual(['bad (failed)']);
    first.client.discard(clientId);
    await clock.pass(10);
    expect([first.lines(), second.lines()]).toEqual([[], []]);
  });
});
