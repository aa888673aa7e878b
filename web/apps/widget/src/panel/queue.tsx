import type { Conversation } from '@yingda/realtime';
import { headset } from '@yingda/ui/icons';
import { usePanel, useTry } from './context.ts';
import { Icon } from './icon.tsx';

/** Steps drawn at most; a longer queue is drawn in shares. */
const STEPS = 9;

export function QueueCard({ conversation }: { conversation: Conversation }) {
  const { session, words } = usePanel();
  const attempt = useTry();
  const ahead = Math.max(0, (conversation.position ?? 1) - 1);
  const from = Math.max(session.queueFrom, ahead + 1);
  const done = from - 1 - ahead;
  const steps = Math.min(STEPS, from);
  const passed = Math.round((done / from) * steps);
  return (
    <li class="card queue">
      <h2>
        <Icon of={headset} />
        {words.human} · {conversation.group.name}
      </h2>
      {ahead === 0 ? (
        <p class="next">{words.queueNext}</p>
      ) : (
        <p class="ahead">
          {words.queueAhead}
          <b>
            {ahead}
            <small> {words.people}</small>
          </b>
        </p>
      )}
      <div class="steps" role="img" aria-label={words.queueProgress(done, ahead)}>
        {Array.from({ length: steps }, (_, step) => (
          <i key={step} class={step < passed ? 'done' : step === steps - 1 ? 'you' : ''} />
        ))}
      </div>
      <p class="hint">{words.queueTip}</p>
      <button type="button" class="button" onClick={() => attempt(() => session.end())}>
        {words.leaveQueue}
      </button>
    </li>
  );
}
