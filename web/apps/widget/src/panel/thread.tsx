import { arrowDown } from '@yingda/ui/icons';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Bubble } from './bubble.tsx';
import { Composer } from './composer.tsx';
import { usePanel, useTry } from './context.ts';
import { Icon } from './icon.tsx';
import { parts, useLater } from './later.ts';
import { QueueCard } from './queue.tsx';
import { RatingLine, useRating } from './rating.tsx';
import { isMine, rowsOf } from './rows.ts';

/** So near the end counts as being there. */
const NEAR = 40;

export function Thread({ visible, care }: { visible: boolean; care: boolean }) {
  const { session, uploads, now, ...tongue } = usePanel();
  const { words } = tongue;
  const attempt = useTry();
  const id = session.current ?? '';
  const { conversation, client } = session;
  const { items, hasOlder, loaded, typing } = client.thread(id);
  const rows = rowsOf(items, now(), client.skew, tongue);
  const going = uploads.of(id);
  const { UploadRow } = useLater(parts.upload, going.length > 0) ?? {};
  const { ReadAll } = useLater(parts.aloud, care) ?? {};
  const isClosed = conversation?.state === 'closed';
  const isInvited = items.some(({ entry }) => entry?.kind === 'system' && entry.body?.code === 'rating_invited');
  const rating = useRating(isClosed || isInvited, care);
  const marked = items.findLast(
    (item) => isMine(item) && (item.outgoing === undefined || item.delivery === 'sending'),
  )?.key;
  const scroller = useRef<HTMLDivElement>(null);
  const top = useRef(0);
  const [isAtEnd, setAtEnd] = useState(true);
  const [heightBefore, setHeightBefore] = useState<number>();
  useTick(30_000);

  const toEnd = () => scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  const size = `${items.length} ${going.length} ${typing.length} ${conversation?.state} ${loaded} ${rating.sheet?.is_open} ${rating.isShown}`;
  useLayoutEffect(() => {
    if (isAtEnd) toEnd();
  }, [size, id]);
  // The bar of a lost connection, a phone's keyboard, a picture that loads: still the last words in sight.
  const isStuck = useRef(true);
  isStuck.current = isAtEnd;
  useEffect(() => {
    const observer = new ResizeObserver(() => isStuck.current && toEnd());
    const element = scroller.current;
    for (const part of element ? [element, ...element.children] : []) observer.observe(part);
    return () => observer.disconnect();
  }, [rating.isShown]);
  // Older entries go in above: what is being read stays where it is.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || heightBefore === undefined) return;
    element.scrollTop += element.scrollHeight - heightBefore;
    setHeightBefore(undefined);
  }, [items[0]?.key]);
  useEffect(() => {
    if (visible && isAtEnd && loaded) client.markRead(id);
  }, [visible, isAtEnd, loaded, size, id]);

  const older = () => {
    setHeightBefore(scroller.current?.scrollHeight);
    attempt(() => client.loadOlder(id));
  };
  const { RatingForm } = parts.ratingForm.got ?? {};
  if (rating.isShown && RatingForm) return <RatingForm key={id} rating={rating} />;
  return (
    <>
      <main
        ref={scroller}
        class="body"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        tabIndex={0}
        aria-label={words.messages}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          // What grew since the scrolling to the end is no going away from it: only somebody who goes up leaves.
          if (scrollHeight - scrollTop - clientHeight < NEAR) setAtEnd(true);
          else if (scrollTop < top.current) setAtEnd(false);
          top.current = scrollTop;
        }}
      >
        {care && ReadAll && <ReadAll />}
        <ol class="thread">
          {hasOlder && (
            <li class="older">
              <button type="button" onClick={older}>
                {words.older}
              </button>
            </li>
          )}
          {rows.map((row) =>
            row.kind === 'line' ? (
              <li key={row.key} class="line">
                {row.text}
              </li>
            ) : (
              <Bubble
                key={row.key}
                item={row.item}
                name={row.name}
                care={care}
                marked={row.key === marked}
                onChoose={(text) => session.say(text)}
              />
            ),
          )}
          {isInvited && !isClosed && (
            <li>
              <RatingLine rating={rating} />
            </li>
          )}
          {going.map((upload) =>
            UploadRow ? (
              <UploadRow key={upload.id} upload={upload} />
            ) : (
              <li key={upload.id} class="line">
                {/* Both ways out are here too: while a file waits the panel does not load itself anew. */}
                {upload.failed
                  ? (['retry', 'discard'] as const).map((act) => (
                      <button
                        key={act}
                        type="button"
                        class="link"
                        aria-label={`${words[act]} ${upload.name ?? ''}`}
                        onClick={() => uploads[act](upload.id)}
                      >
                        {words[act]}
                      </button>
                    ))
                  : words.checking}
              </li>
            ),
          )}
          {conversation?.state === 'queued' && <QueueCard conversation={conversation} />}
          {conversation?.owner?.away && conversation.state === 'served' && (
            <li class="line">{words.away(conversation.owner.name)}</li>
          )}
          {conversation?.state === 'served' &&
            !conversation.owner?.away &&
            typing.some(({ role }) => role !== 'customer') && <Typing name={conversation.owner?.name ?? ''} />}
        </ol>
      </main>
      {!isAtEnd && (
        <div class="newest">
          <button type="button" class="tool" aria-label={words.newest} onClick={toEnd}>
            <Icon of={arrowDown} />
          </button>
        </div>
      )}
      {isClosed ? (
        <Ended>
          <RatingLine rating={rating} />
        </Ended>
      ) : (
        <Composer onSent={() => setAtEnd(true)} />
      )}
    </>
  );
}

function Typing({ name }: { name: string }) {
  const { words } = usePanel();
  return (
    <li class="said">
      <div class="bubble typing" role="img" aria-label={words.typing(name)}>
        <i />
        <i />
        <i />
      </div>
    </li>
  );
}

function Ended({ children }: { children: ComponentChildren }) {
  const { session, words } = usePanel();
  const attempt = useTry();
  return (
    <footer class="dock ended">
      <p>{words.endedText}</p>
      {children}
      <button type="button" class="button big" onClick={() => attempt(() => session.reopen())}>
        {words.reopen}
      </button>
      <button type="button" class="button primary big" onClick={() => session.begin()}>
        {words.startNew}
      </button>
      <button type="button" class="link" onClick={() => session.goHome()}>
        {words.back}
      </button>
    </footer>
  );
}

/** Draws again now and then: recall ends, days change. */
function useTick(every: number): void {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), every);
    return () => clearInterval(timer);
  }, [every]);
}
