import {
  alert,
  bill,
  box,
  chevronRight,
  headset,
  history,
  mobile,
  router,
  type Icon as Shape,
  send,
  transfer,
  yuan,
} from '@yingda/ui/icons';
import { useState } from 'preact/hooks';
import { usePanel } from './context.ts';
import { Icon } from './icon.tsx';
import type { Words } from './words.ts';

export function greetingOf(hour: number, { greeting }: Words): string {
  const from = [0, 5, 9, 11, 13, 18];
  return greeting[from.findLastIndex((start) => hour >= start)] ?? '';
}

/** Questions up to this many characters stand two in a row. */
const SHORT = 9;

/** A picture for a skill group, guessed from its name; groups are the operator's own words. */
const PICTURES: readonly [RegExp, Shape][] = [
  [/宽带|网络|broadband|network/i, router],
  [/账|费|bill/i, bill],
  [/充值|缴|top.?up|pay/i, yuan],
  [/套餐|业务|办理|plan/i, box],
  [/投诉|complain/i, alert],
  [/携号|转网|port/i, transfer],
  [/移动|手机|流量|mobile|data/i, mobile],
];
const pictureOf = (name: string): Shape => PICTURES.find(([words]) => words.test(name))?.[1] ?? headset;

export function Home({ care }: { care: boolean }) {
  const { session, words, now } = usePanel();
  const { site, latest } = session;
  const hot = site.hot_questions.slice(0, care ? 3 : 6);
  const [question, setQuestion] = useState('');
  const ask = (event: Event) => {
    event.preventDefault();
    if (question.trim()) session.begin(question);
  };
  return (
    <>
      <main class="body home">
        <h2 class="hello">{greetingOf(new Date(now()).getHours(), words)}</h2>
        {site.greeting && <p class="welcome">{site.greeting}</p>}
        <form class="ask" onSubmit={ask}>
          <input
            aria-label={words.ask}
            placeholder={words.ask}
            maxLength={4000}
            enterkeyhint="send"
            value={question}
            onInput={(event) => setQuestion(event.currentTarget.value)}
          />
          <button type="submit" class="tool" aria-label={words.askSend} disabled={!question.trim()}>
            <Icon of={send} />
          </button>
        </form>
        {latest && (
          <button type="button" class="last" onClick={() => session.resume(latest.id)}>
            <Icon of={history} />
            <span>
              {words.resume}
              {latest.last && <small class="yd-cut">{latest.last.text}</small>}
            </span>
            <Icon of={chevronRight} size={16} />
          </button>
        )}
        {hot.length > 0 && (
          <section class="block">
            <h3>{words.hot}</h3>
            <ul class={hot.some((text) => text.length > SHORT) ? 'hot long' : 'hot'}>
              {hot.map((text) => (
                <li key={text}>
                  <button type="button" onClick={() => session.begin(text)}>
                    {text}
                    <Icon of={chevronRight} size={16} />
                  </button>
                </li>
              ))}
            </ul>
          </section>
        )}
        {site.groups.length > 1 && (
          <section class="block">
            <h3>{words.groups}</h3>
            <div class="tiles">
              {site.groups.slice(0, 6).map(({ id, name }) => (
                <button type="button" key={id} onClick={() => session.begin(undefined, id)}>
                  <Icon of={pictureOf(name)} size={24} />
                  {name}
                </button>
              ))}
            </div>
          </section>
        )}
      </main>
      <footer class="dock">
        <button type="button" class="button primary big human" onClick={() => session.begin()}>
          <Icon of={headset} />
          <span class="plain">{words.human}</span>
          <span class="large">
            {words.humanBig}
            <small>{words.humanHint}</small>
          </span>
        </button>
      </footer>
    </>
  );
}
