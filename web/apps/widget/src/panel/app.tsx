import { applyCare } from '@yingda/ui';
import { wifioff } from '@yingda/ui/icons';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { CARE_KEY, careOf } from './care.ts';
import { type Panel, PanelContext, useEscape, usePanel } from './context.ts';
import { Header } from './header.tsx';
import { Home } from './home.tsx';
import { Icon } from './icon.tsx';
import { useKept } from './kept.ts';
import { parts, useLater, useOpen } from './later.ts';
import { Thread } from './thread.tsx';

/** A break, or a first connecting, shorter than this is not worth a word. */
const SHORT_BREAK = 800;
const SHORT_START = 4_000;

export function App({ panel, visible }: { panel: Panel; visible: boolean }) {
  return (
    <PanelContext.Provider value={panel}>
      <Body visible={visible} />
    </PanelContext.Provider>
  );
}

function Body({ visible }: { visible: boolean }) {
  const { session, store, words, minimise, attach, pageCare, onCare } = usePanel();
  const open = useOpen();
  const { AttachCard } = useLater(parts.attach, attach !== undefined) ?? {};
  const { EndDialog } = parts.ending.got ?? {};
  const [, draw] = useState(0);
  const [chosen, choose] = useKept(store, CARE_KEY);
  const [isSizing, setSizing] = useState(false);
  const [mute, setMute] = useKept(store, 'yd:mute');
  const [isEnding, setEnding] = useState(false);
  useEffect(() => {
    const changed = () => draw((n) => n + 1);
    changed(); // what happened between the first drawing and now
    return session.watch(changed);
  }, [session]);
  const size = careOf(chosen, pageCare, session.site.care);
  const isCare = size > 0;
  const { SizeBar } = useLater(parts.care, isCare) ?? {};
  useLayoutEffect(() => applyCare(size), [size]);
  useEffect(() => onCare?.(isCare), [isCare]);
  useEscape(minimise);
  const isHome = session.current === undefined;
  return (
    <div class={isHome ? 'panel at-home' : 'panel'}>
      <Header
        care={isCare}
        sizing={isSizing}
        sound={mute === ''}
        onCare={() => {
          if (!isCare) choose('20');
          setSizing(!isCare || !isSizing);
        }}
        onSound={() => setMute(mute === '' ? 'on' : '')}
        onEnd={() => open(parts.ending, () => setEnding(true))}
      />
      {isCare && isSizing && SizeBar && (
        <SizeBar
          size={size}
          onPick={(picked) => {
            choose(picked ? String(picked) : 'off');
            if (!picked) setSizing(false);
          }}
        />
      )}
      <NetBar />
      {session.notice && (
        <p class="notice" role="alert">
          {words[session.notice]}
          {session.noticeOf}
        </p>
      )}
      {attach && AttachCard && <AttachCard />}
      {isHome ? <Home care={isCare} /> : <Thread visible={visible} care={isCare} />}
      <Spoken />
      {isEnding && EndDialog && <EndDialog onDone={() => setEnding(false)} />}
    </div>
  );
}

function NetBar() {
  const { session, words } = usePanel();
  const { phase, provenAt } = session.client.sync;
  const isDown = phase !== 'online';
  const hadBeenUp = provenAt > 0;
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    if (!isDown) return setLong(false);
    const timer = setTimeout(() => setLong(true), hadBeenUp ? SHORT_BREAK : SHORT_START);
    return () => clearTimeout(timer);
  }, [isDown, hadBeenUp]);
  if (!isDown || !isLong) return null;
  const isStopped = phase === 'stopped';
  return (
    <div class="net" role="status">
      <Icon of={wifioff} />
      <p>
        <b>{isStopped ? words.stopped : words.netTitle}</b>
        {isStopped ? words.stoppedText : words.netText}
      </p>
      <button type="button" class="link" onClick={() => session.client.retryNow()}>
        {words.retryNow}
      </button>
    </div>
  );
}

/** What staff say, for those who hear the page. */
function Spoken() {
  const { session, words } = usePanel();
  const [said, setSaid] = useState('');
  useEffect(
    () =>
      session.client.on('arrived', ({ conversation, entry }) => {
        if (conversation === session.current) setSaid(words.newFrom(entry.author.name) + entry.fallback);
      }),
    [session],
  );
  return (
    <p class="yd-vh" aria-live="polite">
      {said}
    </p>
  );
}
